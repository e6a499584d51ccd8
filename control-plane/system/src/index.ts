/** The description of a whole. */
export {
  type External,
  external,
  type GatewaySpec,
  gatewayWorkersMax,
  isSystem,
  type LoadService,
  limitsOf,
  type PlacementSpec,
  platformServices,
  platformUnits,
  type Remote,
  remote,
  type ServiceSource,
  type System,
  type SystemSpec,
  system,
  type UnitSpec,
} from "./description.ts";
export { loadService, whereIn } from "./load.ts";
export { type Plan, type PlannedUnit, place } from "./placement.ts";
export type { ScalingSpec, ScalingTarget } from "./scaling.ts";
