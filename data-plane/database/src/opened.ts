/**
 * An opened database: Kysely over an engine's dialect, with transactions of ours.
 *
 *     begin ─▶ callback(tx) ─▶ commit          the lease of `tx` ends before commit and before rollback,
 *                   └─ throws ─▶ rollback      so nothing that was left unawaited can slip in behind
 *
 * Handlers get one that knows their call: what it publishes is stored with its rows, and when the call's effects are
 * remembered (`effects.ts`), so is what its transactions returned.
 */
import { type Call, CantleError, type Clock } from "@cantle/core";
import { insideTransaction, runInTransaction } from "@cantle/mesh";
import type { Logger } from "@cantle/telemetry";
import { type DatabaseConnection, DefaultQueryExecutor, type Driver, Kysely, type KyselyProps } from "kysely";
import type { Steps } from "./effects.ts";
import type { OpenEngine } from "./engine.ts";
import { type Execute, executeOn, type SqlFlavour } from "./execute.ts";
import { Gate, Lease } from "./gate.ts";
import { keyedProvider } from "./keyed-connection.ts";
import { OwnTransaction, publishing } from "./own-transaction.ts";
import type { Database, Queries, Transaction, TransactionOptions } from "./queries.ts";
import { type CallMemory, remembered } from "./remembered.ts";

/** What an opened database works with. */
export interface OpenedOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Kysely as a base class of which only the builders are seen: its own `transaction` takes no callback and is replaced. */
const Builders = Kysely as unknown as new (props: KyselyProps) => Queries<any>;

/** The parts that a database and those made for its calls share. */
interface Shared extends OpenedOptions {
  readonly gate: Gate;
  readonly driver: Driver;
  readonly flavour: SqlFlavour;
}

/** One call of a service, as its database sees it. */
interface Within extends CallMemory {
  readonly call: Call;
  readonly steps: Steps | undefined;
}

/** A database as handlers get it, and what its binding needs to open and close it. */
export class OpenedDatabase extends Builders implements Database<any, any> {
  readonly #props: KyselyProps;
  readonly #shared: Shared;
  readonly #within: Within | undefined;

  static async open(engine: OpenEngine, options: OpenedOptions): Promise<OpenedDatabase> {
    const { dialect, facts } = engine;
    const driver = dialect.createDriver();
    await driver.init();
    const gate = new Gate(driver);
    const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), gate);
    const flavour = facts.product === "PostgreSQL" ? "postgres" : "sqlite";
    return new OpenedDatabase(
      { config: { dialect }, driver, executor, dialect },
      { ...options, gate, driver, flavour },
      undefined,
    );
  }

  private constructor(props: KyselyProps, shared: Shared, within: Within | undefined) {
    super(props);
    this.#props = props;
    this.#shared = shared;
    this.#within = within;
  }

  get flavour(): SqlFlavour {
    return this.#shared.flavour;
  }

  /** Runs statements outside any transaction. */
  get execute(): Execute {
    return executeOn(this.#shared.gate, this.#shared.flavour);
  }

  /** The same database for the handler of one call. */
  within(call: Call, memory: CallMemory): OpenedDatabase {
    const { gate, driver, flavour } = this.#shared;
    const steps = memory.effects.stepsOf(call);
    const within = { ...memory, call, steps };
    if (steps === undefined) return new OpenedDatabase(this.#props, this.#shared, within);
    const executor = this.#props.executor.withConnectionProvider(keyedProvider(gate, { steps, driver, flavour }));
    return new OpenedDatabase({ ...this.#props, executor }, this.#shared, within);
  }

  async transaction<R>(
    callback: (tx: Transaction<any, any>) => Promise<R>,
    { repeatable = false }: TransactionOptions = {},
  ): Promise<R> {
    const { gate, driver } = this.#shared;
    if (insideTransaction(gate)) {
      throw new CantleError("TRANSACTION_MISUSED", "a transaction was begun inside another one of the same database", {
        help: "pass `tx` on to what belongs to the transaction, and begin the other one after it",
      });
    }
    const step = repeatable ? undefined : this.#within?.steps?.begin(callback.toString());
    const done = await gate.provideConnection(async (connection) => {
      await driver.beginTransaction(connection, {});
      const lease = new Lease(connection);
      try {
        const ended = await remembered({
          within: this.#within,
          step,
          execute: executeOn(lease, this.#shared.flavour),
          run: (outgoing) => runInTransaction(() => callback(this.on<any>(lease, outgoing)), gate),
        });
        lease.end();
        if (ended.kind === "before") await this.#rollback(connection);
        else await driver.commitTransaction(connection);
        return ended;
      } catch (error) {
        lease.end();
        await this.#rollback(connection);
        throw error;
      }
    });
    if (done.kind === "now" && done.stored) this.#within?.onCommitted();
    return done.result;
  }

  /** The builders on one connection. */
  on<Tables>(lease: Lease, outgoing = publishing(undefined, executeOn(lease, this.flavour)).outgoing) {
    const executor = this.#props.executor.withConnectionProvider(lease);
    return new OwnTransaction<Tables>({ ...this.#props, executor }, outgoing);
  }

  /** Waits for what runs, within the gate's limit. */
  async close(): Promise<void> {
    const { gate, driver, clock, log } = this.#shared;
    const idle = await gate.close(clock);
    if (!idle) log.warn("the database is closed although a query or transaction still runs");
    await driver.destroy();
  }

  /** What made the transaction fail is what the caller must see, so a failing rollback is only logged. */
  async #rollback(connection: DatabaseConnection): Promise<void> {
    try {
      await this.#shared.driver.rollbackTransaction(connection);
    } catch (error) {
      this.#shared.log.error("a transaction could not be rolled back", { error });
    }
  }
}
