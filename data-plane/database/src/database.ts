/** The binding: what a service writes in `uses` to own a database. */
import { CantleError } from "@cantle/core";
import type { Binding, BindingHost, OpenBinding } from "@cantle/service";
import { sql } from "kysely";
import { type DatabaseEngine, isDatabaseEngine } from "./engine.ts";
import { openMessages } from "./messages.ts";
import { migrate } from "./migrate.ts";
import { checkMigrations, type Migrations } from "./migrations.ts";
import { OpenedDatabase } from "./opened.ts";
import type { Database } from "./queries.ts";

/** What a database is declared with. */
export interface DatabaseOptions {
  /** The whole history of the schema; what is new runs before the service is ready. */
  readonly migrations: Migrations;
}

/** A database in `uses`; handlers get a `Database<Tables>`. */
export interface DatabaseBinding<Tables> extends Binding {
  readonly port: "database";
  readonly transactional: true;
  readonly bound?: Database<Tables, this["owner"]>;
}

/**
 * Declares a service's own database. `Tables` says what is in it, in Kysely's words.
 *
 * @example
 * interface Tables { accounts: { id: string; email: string } }
 * uses: { database: database<Tables>({ migrations }) }
 */
export function database<Tables>(options: DatabaseOptions): DatabaseBinding<Tables> {
  const { migrations } = options;
  checkMigrations(migrations);
  return { kind: "binding", port: "database", transactional: true, open: (host) => openDatabase(migrations, host) };
}

async function openDatabase(migrations: Migrations, host: BindingHost): Promise<OpenBinding> {
  const { clock, random, url } = host;
  const place = `${host.service}.${host.name}`;
  const log = host.log.with({ binding: place });
  const engine = await engineOf(host, place).open({ url, clock, random, log });
  try {
    const opened = await OpenedDatabase.open(engine, { clock, log });
    await migrate(engine, opened, { migrations, place, clock, log });
    const messages = await openMessages(opened, { ...host, log });
    let closing: Promise<void> | undefined;
    return {
      bound: opened,
      within: (call) => opened.within(call, messages.memory),
      effects: messages.memory.effects,
      check: async () => void (await sql`select 1`.execute(opened)),
      close: () => (closing ??= closeAll()),
    };
    async function closeAll(): Promise<void> {
      // Awaited only where a batch is on its way, so that otherwise nothing new is let in from this moment on.
      const relaying = messages.stop();
      if (relaying !== undefined) await relaying;
      await opened.close().finally(() => engine.close());
    }
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function engineOf(host: BindingHost, place: string): DatabaseEngine {
  if (isDatabaseEngine(host.engine)) return host.engine;
  // Of the URL only the scheme: the rest may hold a password.
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(host.url)?.[0] ?? "";
  throw new CantleError("ENGINE_MISSING", `there is no database engine for '${scheme}'`, {
    place,
    help: "use a URL that begins with sqlite:, or install the adapter for this one",
  });
}
