/** NATS JetStream behind the ports of `@cantle/messaging`. */
export { nats } from "./engine.ts";
