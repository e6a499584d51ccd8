/** How a call is refused that there is no time for: cheaply, as four calls in five may be when there are five times too many. */
import { type Call, CantleError, operationId } from "@cantle/core";
import { refusal } from "./declared.ts";

/** The error by which it is. It has no stack: that would be an eighth of what a refusal costs, and says what is known. */
export function shed(call: Call, over: string): CantleError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new CantleError("OVERLOADED", `${operationId(call.operation)} has ${over}`, { retryAfterSeconds: 1 });
  Error.stackTraceLimit = stackTraceLimit;
  return refusal(error, call);
}
