/** The program that runs a unit, and the start of a whole system. */
export { loadSystem } from "./load-system.ts";
export type { PolicyRow } from "./policies.ts";
export { readPolicies } from "./policy-sources.ts";
export { configSources, type Settings } from "./settings.ts";
export type { RunningSystem, StartOptions } from "./start-options.ts";
export { startSystem } from "./start-system.ts";
