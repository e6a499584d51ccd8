/**
 * The engine: opens files and databases in memory. Two openings of one file in a process share its store, and so its one
 * writer; the clock and the limits are those of the first.
 */
import { CantleError } from "@cantle/core";
import type { DatabaseEngine, EngineOptions, OpenEngine } from "@cantle/database";
import { type BusyOptions, whileBusy } from "./busy.ts";
import { Connection } from "./connection.ts";
import { Session, sqliteDialect } from "./dialect.ts";
import { translate } from "./errors.ts";
import { placeFile } from "./file.ts";
import { claimFile } from "./format.ts";
import { defaultLimits, type SqliteLimits } from "./limits.ts";
import { Store } from "./store.ts";
import { locationOf } from "./url.ts";

/** A store and how many openings use it. */
interface Shared {
  readonly store: Promise<Store>;
  users: number;
}

/** Makes an engine. A process needs one: only openings by the same engine share a writer. */
export function createSqliteEngine(some: Partial<SqliteLimits> = {}): DatabaseEngine {
  const limits = { ...defaultLimits, ...some };
  const files = new Map<string, Shared>();

  async function openFile(path: string, busy: BusyOptions): Promise<OpenEngine> {
    const real = placeFile(path, busy.random);
    const shared = files.get(real) ?? { store: openStore(real, limits, busy), users: 0 };
    files.set(real, shared);
    shared.users++;
    const leave = () => {
      shared.users--;
      if (shared.users === 0) files.delete(real);
      return shared.users === 0;
    };
    try {
      const store = await shared.store;
      return opened(store, { inFile: true, close: () => leave() && store.close() });
    } catch (error) {
      leave();
      throw error;
    }
  }

  return {
    async open({ url, clock, random }: EngineOptions) {
      const location = locationOf(url);
      const busy = { clock, random, busyMaxMs: limits.busyMaxMs };
      if (location.kind === "file") return openFile(location.path, busy);
      const store = new Store(new Connection(":memory:", limits), { ...busy, place: ":memory:", limits });
      return opened(store, { inFile: false, close: () => store.close() });
    },
  };
}

/** The engine of this process. */
export const sqlite: DatabaseEngine = createSqliteEngine();

async function openStore(path: string, limits: SqliteLimits, busy: BusyOptions): Promise<Store> {
  let writer: Connection | undefined;
  try {
    const connection = await whileBusy(() => new Connection(path, limits), busy);
    writer = connection;
    await whileBusy(() => claimFile(connection, path), busy);
    await whileBusy(() => useWal(connection, path), busy);
    const openReader = () => new Connection(path, { ...limits, readOnly: true });
    return new Store(connection, { ...busy, place: path, limits, openReader });
  } catch (error) {
    writer?.close();
    throw translate(error, path);
  }
}

/** A committed transaction survives a crash and a power cut: the WAL is synced at every commit, not only when it is moved. */
function useWal(connection: Connection, place: string): void {
  const [row] = connection.run({ sql: "pragma journal_mode = wal", parameters: [] }).rows;
  if (row?.journal_mode === "wal") {
    connection.exec("pragma synchronous = full");
    return;
  }
  throw new CantleError(
    "CONFIG_INVALID",
    "the file system cannot hold the database: it has no shared memory for a WAL",
    {
      place,
      help: "put the file on a local disk; network file systems do not do",
    },
  );
}

function opened(store: Store, { inFile, close }: { inFile: boolean; close: () => unknown }): OpenEngine {
  return {
    facts: { product: "SQLite", version: process.versions.sqlite ?? "", shared: inFile, durable: inFile },
    dialect: sqliteDialect(store),
    migrate: (change) => store.migrate(() => change(new Session(store, "migration"))),
    close: async () => void close(),
  };
}
