/** Starting, watching, restarting and draining the processes of one host. Instances import `@cantle/supervisor/child`. */
export type { Enforcement, Enforcements, ProcessLimits, Resource } from "./confinement/limits.ts";
export { connectSupervisor, type SupervisorClient } from "./control-client.ts";
export type { BehindDoor, DoorState } from "./control-door.ts";
export { isMendable } from "./failure.ts";
export type { KeepingEvent } from "./kept-files.ts";
export { listLeftovers, stopLeftovers } from "./leftovers.ts";
export { createLineReader, type LineReader } from "./lines.ts";
export {
  type CallCounts,
  type LoadRates,
  type LoadReport,
  latencyBoundMs,
  latencyBucketOf,
  latencyBuckets,
  ratesBetween,
} from "./load.ts";
export type { LogFileLimits } from "./log-file.ts";
export { openSupervisor, type SupervisorOptions } from "./open-supervisor.ts";
export { type OwnFolderOptions, ownFolder } from "./own-folder.ts";
export type { Handover } from "./protocol.ts";
export { type BackOff, defaultBackOff, type RestartEvent, type RestartState, restartPolicy } from "./restart-policy.ts";
export { type RolloutRequest, strategies } from "./rollout/request.ts";
export type { ReleaseRow, RolloutNote, RolloutRow } from "./rollout/rollouts.ts";
export type { ReleaseFigures } from "./rollout/tally.ts";
export type { ScalingChange } from "./scaling/change.ts";
export type { ScalingRow } from "./scaling/scaling.ts";
export { type SignalSource, stopOnSignals } from "./signals.ts";
export type {
  InstanceError,
  InstanceEvent,
  InstanceLoad,
  InstanceRow,
  InstanceState,
  LogLine,
  LogSink,
  Mode,
  ProcessSpec,
  ProcessStart,
  SupervisorEvent,
  UnitEvent,
} from "./spec.ts";
export type { ProcessRecord } from "./state-file.ts";
export type { Supervisor } from "./supervisor.ts";
