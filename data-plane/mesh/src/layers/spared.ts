/**
 * While the event loop is late, all of the time, calls are refused, the least important first (`shedding.ts`): what is let in
 * can then be answered in time. It is where calls come into a process, an instance's or a gateway's: one that stays in its process
 * is a part of what was let in. While all is well it costs a comparison.
 */
import type { Layer } from "../layer.ts";
import { refusedShare } from "../shedding.ts";
import { shed } from "./shed.ts";

/** Spares a process that has more to do than it can. */
export const spared: Layer = ({ policy: { criticality, delayMsMax }, host: { random, loopDelay } }) =>
  loopDelay &&
  ((next) => (call) => {
    if (call.staysHere) return next(call);
    const delayMs = loopDelay.delayMs();
    const share = delayMs === 0 ? 0 : refusedShare(criticality, delayMs, delayMsMax);
    if (share === 0 || random.next() >= share) return next(call);
    return Promise.reject(shed(call, "more to do than it can"));
  });
