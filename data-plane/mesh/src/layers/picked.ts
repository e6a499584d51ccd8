/**
 * Picks an endpoint for each attempt and sends the call there.
 *
 * - The better of two random ones by calls in flight (power of two choices, Mitzenmacher 2001).
 * - An endpoint whose connection fails leaves the pool at once, and comes back when the registry says something new of it
 *   or after `downMs`.
 * - When none can take the call, it waits for one, within its deadline and `waitMs`: an instance that is starting is not an
 *   error. After a wait in vain, further calls fail at once until the view changes: one caller pays for finding out, not all.
 */
import { type Call, CantleError, type Code, type Handler, isCantleError, operationId, type Reply } from "@cantle/core";
import type { LayerPlan } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { poolOf, type Target } from "../pool.ts";

const connectionFailures: ReadonlySet<Code> = new Set<Code>(["CONNECT_FAILED", "UNREACHABLE", "DRAINING"]);

/** The innermost station of the way out. */
export function picked(plan: LayerPlan<OutboundHost>): Handler {
  const { operation, host, policy } = plan;
  const pool = poolOf(operation.service, host);

  function attempt(call: Call, target: Target): Promise<Reply> {
    target.inFlight++;
    call.tried = call.tried === undefined ? [target.id] : [...call.tried, target.id];
    return target.handle(call).then(
      (reply) => {
        target.inFlight--;
        return reply;
      },
      (error) => {
        target.inFlight--;
        if (isCantleError(error) && connectionFailures.has(error.code)) pool.failed(target);
        throw error;
      },
    );
  }

  return (call) => {
    const target = pool.choose(call.tried);
    return target === undefined ? waitFor(call) : attempt(call, target);
  };

  async function waitFor(call: Call): Promise<Reply> {
    const target = await pool.wait(call, policy.waitMs);
    if (target !== undefined) return attempt(call, target);
    throw new CantleError("UNAVAILABLE", `no instance of '${operation.service}' can take ${operationId(operation)}`, {
      retryAfterSeconds: 1,
    });
  }
}
