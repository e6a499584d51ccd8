/**
 * An opened database: Kysely over an engine's dialect, with transactions of ours.
 *
 *     begin ─▶ callback(tx) ─▶ commit          the lease of `tx` ends before commit and before rollback,
 *                   └─ throws ─▶ rollback      so nothing that was left unawaited can slip in behind
 */
import { CantleError, type Clock } from "@cantle/core";
import { insideTransaction, runInTransaction } from "@cantle/mesh";
import type { Logger } from "@cantle/telemetry";
import {
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Driver,
  Kysely,
  type KyselyProps,
  Transaction as KyselyTransaction,
} from "kysely";
import type { OpenEngine } from "./engine.ts";
import { Gate, Lease } from "./gate.ts";
import type { Database, Queries, Transaction } from "./queries.ts";

/** What an opened database works with. */
export interface OpenedOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Kysely as a base class of which only the builders are seen: its own `transaction` takes no callback and is replaced. */
const Builders = Kysely as unknown as new (props: KyselyProps) => Queries<any>;

/** A database as handlers get it, and what its binding needs to open and close it. */
export class OpenedDatabase extends Builders implements Database<any> {
  readonly #props: KyselyProps;
  readonly #gate: Gate;
  readonly #driver: Driver;
  readonly #options: OpenedOptions;

  static async open(engine: OpenEngine, options: OpenedOptions): Promise<OpenedDatabase> {
    const { dialect } = engine;
    const driver = dialect.createDriver();
    await driver.init();
    const gate = new Gate(driver);
    const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), gate);
    return new OpenedDatabase({ config: { dialect }, driver, executor, dialect }, gate, options);
  }

  private constructor(props: KyselyProps, gate: Gate, options: OpenedOptions) {
    super(props);
    this.#props = props;
    this.#gate = gate;
    this.#driver = props.driver;
    this.#options = options;
  }

  async transaction<R>(callback: (tx: Transaction<any>) => Promise<R>): Promise<R> {
    if (insideTransaction(this.#gate)) {
      throw new CantleError("TRANSACTION_MISUSED", "a transaction was begun inside another one of the same database", {
        help: "pass `tx` on to what belongs to the transaction, and begin the other one after it",
      });
    }
    return this.#gate.provideConnection(async (connection) => {
      await this.#driver.beginTransaction(connection, {});
      const lease = new Lease(connection);
      try {
        const result = await runInTransaction(() => callback(this.on<any>(lease)), this.#gate);
        lease.end();
        await this.#driver.commitTransaction(connection);
        return result;
      } catch (error) {
        lease.end();
        await this.#rollback(connection);
        throw error;
      }
    });
  }

  /** The builders on one connection. */
  on<Tables>(lease: Lease): KyselyTransaction<Tables> {
    const executor = this.#props.executor.withConnectionProvider(lease);
    return new KyselyTransaction<Tables>({ ...this.#props, executor });
  }

  /** Waits for what runs, within the gate's limit. */
  async close(): Promise<void> {
    const idle = await this.#gate.close(this.#options.clock);
    if (!idle) this.#options.log.warn("the database is closed although a query or transaction still runs");
    await this.#driver.destroy();
  }

  /** What made the transaction fail is what the caller must see, so a failing rollback is only logged. */
  async #rollback(connection: DatabaseConnection): Promise<void> {
    try {
      await this.#driver.rollbackTransaction(connection);
    } catch (error) {
      this.#options.log.error("a transaction could not be rolled back", { error });
    }
  }
}
