/** `tx`: Kysely's transaction, with what the service publishes beside its builders. */
import { type Call, CantleError } from "@cantle/core";
import type { MakeOutgoing, OutgoingOf } from "@cantle/service";
import { type KyselyProps, Transaction as KyselyTransaction } from "kysely";
import type { Execute } from "./execute.ts";
import { storeMessage } from "./outbox.ts";

/** A transaction as callbacks get it. */
export class OwnTransaction<Tables> extends KyselyTransaction<Tables> {
  readonly #outgoing: OutgoingOf;

  constructor(props: KyselyProps, outgoing: OutgoingOf) {
    super(props);
    this.#outgoing = outgoing;
  }

  /** The service's own events; they are published when the transaction has committed. */
  get events(): object {
    return this.#outgoing.events;
  }

  /** The service's own queues. */
  get queues(): object {
    return this.#outgoing.queues;
  }

  /** The queues of services in `uses`. */
  get send(): OutgoingOf["send"] {
    return this.#outgoing.send;
  }
}

/** What a transaction publishes is stored by `execute`; `stored` says whether anything was. */
export function publishing(
  within: { readonly call: Call; readonly outgoing: MakeOutgoing | undefined } | undefined,
  execute: Execute,
): { readonly outgoing: OutgoingOf; readonly stored: () => boolean } {
  if (within?.outgoing === undefined) return { outgoing: refusing, stored: () => false };
  let stored = false;
  const outgoing = within.outgoing(within.call, async (channel, message) => {
    await storeMessage(execute, channel, message);
    stored = true;
  });
  return { outgoing, stored: () => stored };
}

/** Where there is no broker, or no call: a migration. */
const refusing: OutgoingOf = {
  get events(): object {
    throw noBroker();
  },
  get queues(): object {
    throw noBroker();
  },
  send: async () => {
    throw noBroker();
  },
};

function noBroker(): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", "nothing can be published here", {
    help: "handlers publish in the transactions of their own context; leave BROKER_URL out for the embedded broker",
  });
}
