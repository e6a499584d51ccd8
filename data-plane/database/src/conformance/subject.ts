/** What the suite is run on, and how its tests open databases: always through the whole binding, as a service does. */
import type { TestContext } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import type { OpenBinding } from "@cantle/service";
import { silentLogger } from "@cantle/telemetry";
import { database } from "../database.ts";
import type { DatabaseEngine } from "../engine.ts";
import type { Migrations } from "../migrations.ts";
import type { Database } from "../queries.ts";

/** An engine under test. */
export interface BindingSubject {
  /** For the titles. */
  readonly name: string;
  /** Another engine at each call, as another process would have: nothing is shared but the database. */
  newEngine(): DatabaseEngine;
  /** The URL of a new, empty database; what it takes is removed after the test. */
  newUrl(test: TestContext): string | Promise<string>;
  /** True when a second opening of a URL is the same database. */
  readonly shared: boolean;
  /** The column type for bytes, for example `blob`. */
  readonly bytesType: string;
}

/** The table most tests use. */
export interface Tables {
  counters: { name: string; value: number; label: string | null; data: Uint8Array | null; ratio: number | null };
}

/** An opened database of a test. */
export interface Opened extends OpenBinding {
  readonly db: Database<Tables>;
}

/** How tests open databases. */
export interface Subject extends BindingSubject {
  /** Opens with migrations; closes after the test. */
  open(test: TestContext, options: OpenOptions): Promise<Opened>;
  /** Opens a new database with the table `counters`. */
  openCounters(test: TestContext, url?: string): Promise<Opened>;
}

/** What is opened. */
export interface OpenOptions {
  readonly url: string;
  readonly migrations: Migrations;
}

/** The subject of an engine. */
export function subjectOf(binding: BindingSubject): Subject {
  async function open(test: TestContext, { url, migrations }: OpenOptions): Promise<Opened> {
    const opened = await database<Tables>({ migrations }).open({
      service: "ledger",
      name: "database",
      url,
      engine: binding.newEngine(),
      clock: systemClock,
      random: systemRandom(),
      log: silentLogger,
    });
    test.after(() => opened.close());
    return { ...opened, db: opened.bound as Database<Tables> };
  }
  const migrations: Migrations = {
    "0001-counters": {
      up: async (db) => {
        await db.schema
          .createTable("counters")
          .addColumn("name", "text", (column) => column.primaryKey())
          .addColumn("value", "bigint", (column) => column.notNull())
          .addColumn("label", "text", (column) => column.unique())
          .addColumn("data", binding.bytesType as "blob")
          .addColumn("ratio", "double precision")
          .execute();
      },
    },
  };
  return {
    ...binding,
    open,
    openCounters: async (test, url) => open(test, { url: url ?? (await binding.newUrl(test)), migrations }),
  };
}
