/**
 * The door of an instance. What cannot be answered in time is refused before it costs anything, so that what is let in can:
 * over a cap on the calls of one operation in flight, over the limit that an adaptive one found, and while the event loop is
 * late over what it can do, the least important first.
 */
import type { Reply } from "@cantle/core";
import { AdaptiveLimit } from "../adaptive-limit.ts";
import type { Layer } from "../layer.ts";
import { limitShare } from "../shedding.ts";
import { shed } from "./shed.ts";

/** Sheds calls over the instance's limits. */
export const admitted: Layer = ({ policy, host: { clock, loopDelay } }) => {
  const { inFlightMax } = policy;
  const share = limitShare(policy);
  const adaptive = policy.adaptive === false ? undefined : new AdaptiveLimit(policy.adaptive);
  let inFlight = 0;
  const release = () => {
    inFlight--;
    loopDelay?.left();
  };

  /** The limit that a call is over. */
  function overLimit(): string | undefined {
    if (inFlight >= inFlightMax) return `its limit of ${inFlightMax} calls in flight`;
    if (loopDelay !== undefined && loopDelay.fullShare() >= share) return "more to do than it can";
    if (adaptive !== undefined && inFlight >= adaptive.limit) return "as many calls in flight as it can answer in time";
    return undefined;
  }

  function measure(reply: Promise<Reply>, startMs: number, limit: AdaptiveLimit): void {
    const end = () => {
      limit.ended(clock.nowMs() - startMs, inFlight);
      release();
    };
    reply.then(end, end);
  }

  return (next) => (call) => {
    const over = overLimit();
    if (over !== undefined) return Promise.reject(shed(call, over));
    inFlight++;
    loopDelay?.entered();
    const reply = next(call);
    if (adaptive === undefined) reply.then(release, release);
    else measure(reply, call.atMs, adaptive);
    return reply;
  };
};
