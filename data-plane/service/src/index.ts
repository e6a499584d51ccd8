/** Defining a service and running one. */
export type { Binding, BindingHost, OpenBinding } from "./binding.ts";
export { type Calling, callingAs, clientAs, type Outgoing } from "./calling.ts";
export { type RunningService, runService, type ServedOperation, type ServiceHost } from "./run.ts";
export {
  isServiceDefinition,
  type ServiceDefinition,
  type ServiceSpec,
  service,
  type Uses,
  usedContracts,
} from "./service.ts";
