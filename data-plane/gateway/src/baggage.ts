/**
 * Baggage from outside. Routes and faults may go by baggage, so nobody outside sets any unless the system names it; what is
 * not named does not come in.
 */

import type { IncomingHttpHeaders } from "node:http";
import { type Baggage, CantleError, isBaggageName } from "@cantle/core";
import { baggageOf } from "@cantle/transport/http";

/** What of a request's baggage comes in; undefined for nothing. */
export type TakeBaggage = (headers: IncomingHttpHeaders) => Baggage | undefined;

/** Takes members of these names. Throws `SYSTEM_INVALID` for a name that no member can have. */
export function baggageTaker(names: readonly string[]): TakeBaggage {
  const wrong = names.find((name) => !isBaggageName(name));
  if (wrong !== undefined)
    throw new CantleError("SYSTEM_INVALID", `'${wrong}' is no name of baggage`, {
      place: "gateway.baggage",
      help: "use letters, digits and dashes",
    });
  if (names.length === 0) return () => undefined;
  const taken = new Set(names);
  return (headers) => {
    const members = Object.entries(baggageOf(headers) ?? {}).filter(([name]) => taken.has(name));
    return members.length === 0 ? undefined : Object.fromEntries(members);
  };
}
