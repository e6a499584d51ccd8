/**
 * Calls of a service that runs in the same process go straight to it. Faults on purpose happen to them too: a system in one
 * process is where they are tried first.
 */
import type { Layer } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { poolOf } from "../pool.ts";
import { disturbed } from "./disturbed.ts";

/** Prefers the same process. */
export const colocated: Layer<OutboundHost> = (plan) => {
  const pool = poolOf(plan.operation.service, plan.host);
  const disturb = disturbed(plan);
  return (next) => (call) => {
    const { local } = pool;
    if (local === undefined) return next(call);
    call.staysHere = true;
    return disturb === undefined ? local.handle(call) : disturb(local.handle)(call);
  };
};
