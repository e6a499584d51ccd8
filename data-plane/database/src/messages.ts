/** What a database does for messages, opened beside it: the outbox with its relay, and the memory of effects. */
import type { BindingHost } from "@cantle/service";
import { EffectsTable, effectsTable, keptMs } from "./effects.ts";
import type { Execute, SqlFlavour } from "./execute.ts";
import { isAnyWaiting, outboxTables } from "./outbox.ts";
import { Relay } from "./relay.ts";
import type { CallMemory } from "./remembered.ts";

/** Where they are kept. */
export interface Kept {
  readonly flavour: SqlFlavour;
  /** Runs statements outside any transaction. */
  readonly execute: Execute;
}

/** What it adds to a binding. */
export interface OpenMessages {
  readonly memory: CallMemory;
  /** Undefined when nothing is left to wait for. */
  stop(): Promise<void> | undefined;
}

/** Makes the tables, wakes the relay for what an earlier run left, and cleans up now and then. */
export async function openMessages(kept: Kept, host: BindingHost): Promise<OpenMessages> {
  const { clock, random, log, messages } = host;
  const { execute } = kept;
  await makeTables(kept);
  const effects = new EffectsTable(execute, clock);
  await effects.clean();
  const relay = messages && new Relay({ execute, publisher: messages.publisher, clock, random, log });
  if (await isAnyWaiting(execute)) relay?.wake();
  let cleaning = clock.after(keptMs / 24, clean);
  function clean(): void {
    void effects.clean().catch((error) => log.warn("old idempotency keys could not be removed", { error }));
    cleaning = clock.after(keptMs / 24, clean);
  }
  return {
    memory: { effects, outgoing: messages?.outgoing, onCommitted: () => relay?.wake() },
    stop() {
      cleaning.cancel();
      return relay?.stop();
    },
  };
}

async function makeTables({ flavour, execute }: Kept): Promise<void> {
  const [made] = await execute(tableExists[flavour], ["cantle_effects"]);
  if (made !== undefined) return;
  // The last one is looked for, so a start that was cut short makes the rest.
  for (const statement of [...outboxTables(flavour), effectsTable]) await execute(statement, []);
}

const tableExists = {
  sqlite: "select name from sqlite_master where type = 'table' and name = ?",
  postgres: "select tablename from pg_tables where schemaname = current_schema() and tablename = ?",
} as const;
