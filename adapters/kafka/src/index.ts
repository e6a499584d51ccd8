/** Kafka behind the port of topics of `@cantle/messaging`. */
export { createKafkaEngine, type KafkaSettings, kafka, type PartitionOf } from "./engine.ts";
