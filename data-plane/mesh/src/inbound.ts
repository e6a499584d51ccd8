/**
 * What happens to every call on its way in, whatever it came over. The order is the meaning:
 *
 * - `observed` is outermost, so that refusals are measured too;
 * - `timely` bounds all that follows, whether or not a handler listens;
 * - `declared` turns whatever goes wrong below into what may be told, once;
 * - `permitted` comes before anything costs anything; `spared` and `admitted` refuse only what is permitted;
 * - `answered` is innermost: the handler is never entered with what the contract does not allow.
 */
import type { Handler, Operation } from "@cantle/core";
import { answered, type Work } from "./answered.ts";
import type { MeshHost } from "./layer.ts";
import { admitted } from "./layers/admitted.ts";
import { declared } from "./layers/declared.ts";
import { observed } from "./layers/observed.ts";
import { permitted } from "./layers/permitted.ts";
import { sized } from "./layers/sized.ts";
import { spared } from "./layers/spared.ts";
import { timely } from "./layers/timely.ts";
import type { Policies, PolicySource } from "./policy.ts";
import { followed } from "./recipe.ts";

/** The handler that a transport calls for one operation of a service running here. */
export function inbound(
  operation: Operation,
  host: MeshHost & { readonly policies?: Policies | PolicySource | undefined },
  work: Work,
): Handler {
  return followed(operation, host, {
    layers: [
      observed("in"), // counts and times every call, refused ones too
      timely, //         expired work is refused, work that expires is cancelled
      declared, //       only declared failures and the closed codes leave
      permitted, //      the peer declared this call; the user is who the contract asks for
      sized, //          nothing is larger than the contract says
      spared, //         while the event loop is late, the least important are shed
      admitted, //       over its limits an operation sheds
    ],
    station: () => answered(operation, work), // input and output fit the contract, and are copies
  });
}
