/** A cap on the calls of one operation in flight at one instance; what comes on top is shed before it costs anything. */
import { CantleError, operationId } from "@cantle/core";
import type { Layer } from "../layer.ts";
import { refusal } from "./declared.ts";

/** Sheds calls over `inFlightMax`. */
export const admitted: Layer = ({ operation, policy: { inFlightMax } }) => {
  let inFlight = 0;
  const release = () => {
    inFlight--;
  };
  return (next) => (call) => {
    if (inFlight >= inFlightMax) {
      const full = new CantleError(
        "OVERLOADED",
        `${operationId(operation)} has its limit of ${inFlightMax} calls in flight`,
        { retryAfterSeconds: 1 },
      );
      return Promise.reject(refusal(full, call));
    }
    inFlight++;
    const reply = next(call);
    reply.then(release, release);
    return reply;
  };
};
