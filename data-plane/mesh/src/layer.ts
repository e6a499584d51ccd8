/** Layers and how a recipe of them becomes one handler. */
import type { Clock, Deadlines, Handler, Operation, Random, Wrap } from "@cantle/core";
import type { Logger, Observer } from "@cantle/telemetry";
import type { LoopDelay } from "./loop-delay.ts";
import type { WholePolicy } from "./policy.ts";

/** What every layer may need; one per process. */
export interface MeshHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  /** Is told of every call that ended; absent, nothing is measured. */
  readonly observer?: Observer | undefined;
  /** How late the event loop is; absent, nothing is shed for it. */
  readonly loopDelay?: LoopDelay | undefined;
  /** Where a handler's undeclared errors are written, once, with their cause. */
  readonly log: Logger;
}

/** Everything a layer is compiled from. */
export interface LayerPlan<Host extends MeshHost = MeshHost> {
  readonly operation: Operation;
  readonly policy: WholePolicy;
  readonly host: Host;
}

/** A policy around a handler, or nothing where it has nothing to do. */
export type Layer<Host extends MeshHost = MeshHost> = (plan: LayerPlan<Host>) => Wrap | undefined;

/** Layers around a handler, the first one outermost. Done once per operation, so idle layers cost nothing. */
export function compile<Host extends MeshHost>(
  plan: LayerPlan<Host>,
  layers: readonly Layer<Host>[],
  handler: Handler,
): Handler {
  return layers.reduceRight((next, layer) => layer(plan)?.(next) ?? next, handler);
}
