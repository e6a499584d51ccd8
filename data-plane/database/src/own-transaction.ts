/** `tx`: Kysely's transaction, with what the service publishes beside its builders. */
import type { Channel } from "@cantle/contract";
import { type Call, CantleError } from "@cantle/core";
import type { MakeOutgoing, OutgoingOf } from "@cantle/service";
import { type KyselyProps, Transaction as KyselyTransaction } from "kysely";
import { forgetMessages } from "./effects.ts";
import type { Execute } from "./execute.ts";
import { storeMessage } from "./outbox.ts";

/** A transaction as callbacks get it. */
export class OwnTransaction<Tables> extends KyselyTransaction<Tables> {
  readonly #outgoing: Beside;

  constructor(props: KyselyProps, outgoing: Beside) {
    super(props);
    this.#outgoing = outgoing;
  }

  /** Lets messages of this source have their effect anew when they come again. */
  get forget(): Beside["forget"] {
    return this.#outgoing.forget;
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

/** What there is beside the builders. */
export interface Beside extends OutgoingOf {
  /** What transactions of this service did for messages of this source is forgotten: before they are read again, from the first. */
  forget(source: { readonly channel: Channel }): Promise<void>;
}

/** What a transaction publishes is stored by `execute`; `stored` says whether anything was. */
export function publishing(
  within: { readonly call: Call; readonly outgoing: MakeOutgoing | undefined } | undefined,
  execute: Execute,
): { readonly outgoing: Beside; readonly stored: () => boolean } {
  if (within?.outgoing === undefined) return { outgoing: refusing, stored: () => false };
  let stored = false;
  const { service } = within.call.operation;
  const published = within.outgoing(within.call, async (channel, message) => {
    await storeMessage(execute, channel, message);
    stored = true;
  });
  // Its groups are getters, made when they are looked up.
  const outgoing: Beside = Object.create(published, {
    forget: { value: ({ channel }: { channel: Channel }) => forgetMessages(execute, service, channel) },
  });
  return { outgoing, stored: () => stored };
}

/** Where there is no broker, or no call: a migration. */
const refusing: Beside = {
  get events(): object {
    throw noBroker();
  },
  get queues(): object {
    throw noBroker();
  },
  send: async () => {
    throw noBroker();
  },
  forget: async () => {
    throw noBroker();
  },
};

function noBroker(): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", "nothing can be published here", {
    help: "handlers publish in the transactions of their own context; leave BROKER_URL out for the embedded broker",
  });
}
