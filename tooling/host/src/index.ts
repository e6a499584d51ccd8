/** The program that runs a unit, and the start of a whole system. */
export { isEmbedded } from "./broker.ts";
export { checkMessages } from "./check-messages.ts";
export type { BreakerShown, steerings } from "./describe.ts";
export { brokerHeapArguments } from "./heap.ts";
export { loadSystem } from "./load-system.ts";
export { type Answered, becomeOperator, type Operator } from "./operator.ts";
export type { PolicyRow } from "./policies.ts";
export { readPolicies } from "./policy-sources.ts";
export { configSources, type Settings } from "./settings.ts";
export type { RunningSystem, StartOptions } from "./start-options.ts";
export { startSystem } from "./start-system.ts";
