/** How a call crosses a boundary. */
export {
  dialHttp,
  type HttpDialOptions,
  type HttpLimits,
  type HttpListenOptions,
  httpLimits,
  listenHttp,
  type ReplyLimits,
} from "./http/index.ts";
export { dialMemory } from "./memory/dial.ts";
export { type MemoryHub, memoryHub } from "./memory/hub.ts";
export { listenMemory } from "./memory/listen.ts";
export { dialPort } from "./port/dial.ts";
export { type ServePortOptions, servePort } from "./port/listen.ts";
export type { Connection, Doors, Listener, Served } from "./transport.ts";
export type { DialOptions } from "./wire/client.ts";
export { dialWire } from "./wire/dial.ts";
export { type WireLimits, wireLimits } from "./wire/limits.ts";
export { type ListenWireOptions, listenWire } from "./wire/listen.ts";
