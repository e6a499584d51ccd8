/** Defining a service and running one. */
export type { Binding, BindingHost, OpenBinding } from "./binding.ts";
export { type Calling, callingAs, clientAs, type Outgoing } from "./calling.ts";
export { handlingMsDefault, type ServedConsumer, type ServedSchedule } from "./consumers.ts";
export type { Effects, KeyedCall } from "./effects.ts";
export { type KeyScope, keyOf } from "./once.ts";
export type { MakeOutgoing, OutgoingOf, StoreMessage } from "./outgoing.ts";
export type { Publisher } from "./publisher.ts";
export { runService } from "./run.ts";
export type { RunningService, ServedOperation, ServiceHost } from "./running.ts";
export {
  isServiceDefinition,
  type ServiceDefinition,
  type ServiceSpec,
  service,
  usedContracts,
} from "./service.ts";
export type { Handle, Schedule, Subscribe, SubscribeOptions, Subscription } from "./subscription.ts";
export type { Uses } from "./uses.ts";
