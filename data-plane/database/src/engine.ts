/**
 * The port that every database engine implements. What is above it (builders, the rules of transactions, migrations) is
 * the same for all; what is below is a Kysely dialect and the little that Kysely does not know.
 *
 * Every engine proves itself with the suite in `conformance.ts`.
 */
import type { Clock, Random } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { DatabaseConnection, Dialect } from "kysely";

/** What an engine is told. */
export interface EngineOptions {
  /** Where the database is; its scheme chose the engine. May hold a password, so it never goes into a message. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What an engine says of an opened database. */
export interface EngineFacts {
  /** The product, for example `SQLite`. */
  readonly product: string;
  readonly version: string;
  /** True when a second opening of the URL, here or in another process, is the same database. */
  readonly shared: boolean;
  /** True when what was committed survives a crash and a power cut. */
  readonly durable: boolean;
}

/** An opened database. */
export interface OpenEngine {
  readonly facts: EngineFacts;
  /**
   * The dialect. A transaction that its driver begins is serializable: what it read is still so when it commits.
   * Driver errors that are constraint violations carry the mark of `markConstraint`.
   */
  readonly dialect: Dialect;
  /**
   * Runs `change` on one connection in one transaction, while no other program is in here; commits all of it or, when it
   * throws, nothing. A raw query without parameters may hold several statements.
   */
  migrate(change: (connection: DatabaseConnection) => Promise<void>): Promise<void>;
  /** Gives everything back; called once, when nothing is in use any more or the wait for that was given up. */
  close(): Promise<void>;
}

/** Opens databases. */
export interface DatabaseEngine {
  open(options: EngineOptions): Promise<OpenEngine>;
}

/** True for what looks like an engine; the host hands one over as `unknown`. */
export function isDatabaseEngine(value: unknown): value is DatabaseEngine {
  return typeof (value as Partial<DatabaseEngine> | null | undefined)?.open === "function";
}
