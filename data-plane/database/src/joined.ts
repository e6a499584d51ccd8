/**
 * Another data layer (Drizzle, Prisma, a plain driver) as what a service owns: it brings its own queries and its own
 * transactions, and gets the outbox, the inbox and idempotency keys, because it can run a statement inside one.
 *
 * @example
 * uses: { store: joined({ open: openDrizzle }) },
 * handlers: {
 *   async open(input, { store }) {
 *     return store.transaction(async (tx, { events }) => {
 *       await tx.insert(accounts).values(input);
 *       await events.opened(input);
 *     });
 *   },
 * }
 */
import type { Publishing } from "@cantle/contract";
import { type Call, CantleError } from "@cantle/core";
import { insideTransaction, runInTransaction } from "@cantle/mesh";
import type { Binding, BindingHost, OpenBinding } from "@cantle/service";
import { type Execute, inFlavour, type SqlFlavour } from "./execute.ts";
import { openMessages } from "./messages.ts";
import type { Forgetting, TransactionOptions } from "./queries.ts";
import { type CallMemory, type Done, remembered } from "./remembered.ts";

/** A data layer, opened. */
export interface DataLayer<Db, Tx> {
  /** How it writes placeholders: `?`, or `$1`. */
  readonly flavour: SqlFlavour;
  /** What handlers find as `store.db`. */
  readonly db: Db;
  /** Runs one statement outside any transaction. */
  readonly execute: Execute;
  /** Runs `run` in a transaction of its own kind; `execute` runs statements inside it. Commits when `run` resolves, rolls back when it throws. */
  transaction<R>(run: (tx: Tx, execute: Execute) => Promise<R>): Promise<R>;
  close(): Promise<void>;
}

/** What handlers find under the binding's name. */
export interface Joined<Db, Tx, C = unknown> {
  readonly db: Db;
  /** Runs `run` in a transaction of the data layer; what it publishes goes out when it has committed. */
  transaction<R>(
    run: (tx: Tx, publishing: Publishing<C> & Forgetting) => Promise<R>,
    options?: TransactionOptions,
  ): Promise<R>;
}

/** A data layer in `uses`. */
export interface JoinedBinding<Db, Tx> extends Binding {
  readonly transactional: true;
  readonly bound?: Joined<Db, Tx, this["owner"]>;
}

/** What opens a data layer, given the URL that the host chose (`<SERVICE>_<NAME>_URL`, or a file of its own). */
export interface JoinOptions<Db, Tx> {
  readonly open: (host: Pick<BindingHost, "service" | "name" | "url">) => Promise<DataLayer<Db, Tx>>;
}

/** Lets a service own a database through another data layer. */
export function joined<Db, Tx>({ open }: JoinOptions<Db, Tx>): JoinedBinding<Db, Tx> {
  return { kind: "binding", port: "url", transactional: true, open: (host) => openJoined(open, host) };
}

async function openJoined<Db, Tx>(open: JoinOptions<Db, Tx>["open"], host: BindingHost): Promise<OpenBinding> {
  const { service, name, url } = host;
  const layer = await open({ service, name, url });
  try {
    const execute = inFlavour(layer.flavour, layer.execute);
    const messages = await openMessages({ flavour: layer.flavour, execute }, host);
    return {
      bound: joinedOf(layer, undefined),
      within: (call) => joinedOf(layer, { ...messages.memory, call }),
      effects: messages.memory.effects,
      check: async () => void (await execute("select 1", [])),
      async close() {
        await messages.stop();
        await layer.close();
      },
    };
  } catch (error) {
    await layer.close();
    throw error;
  }
}

/** Ends a transaction that need not run: whoever runs it rolls back what throws. */
class AlreadyDone extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super("the transaction ran before");
    this.result = result;
  }
}

function joinedOf<Db, Tx>(
  layer: DataLayer<Db, Tx>,
  within: (CallMemory & { readonly call: Call }) | undefined,
): Joined<Db, Tx> {
  const steps = within?.effects.stepsOf(within.call);
  return {
    db: layer.db,
    async transaction<R>(
      run: (tx: Tx, publishing: Publishing<unknown> & Forgetting) => Promise<R>,
      { repeatable = false }: TransactionOptions = {},
    ): Promise<R> {
      if (insideTransaction(layer))
        throw new CantleError("TRANSACTION_MISUSED", "a transaction was begun inside another one of the same database");
      const step = repeatable ? undefined : steps?.begin(run.toString());
      try {
        const done = await layer.transaction(async (tx, execute): Promise<Done<R>> => {
          const body = (outgoing: object) =>
            runInTransaction(() => run(tx, outgoing as Publishing<unknown> & Forgetting), layer);
          const ended = await remembered({ within, step, execute: inFlavour(layer.flavour, execute), run: body });
          if (ended.kind === "before") throw new AlreadyDone(ended.result);
          return ended;
        });
        if (done.kind === "now" && done.stored) within?.onCommitted();
        return done.result;
      } catch (error) {
        if (error instanceof AlreadyDone) return error.result as R;
        throw error;
      }
    },
  };
}
