/** What a database does for messages, opened beside it: the outbox with its relay, and the memory of effects. */
import type { BindingHost } from "@cantle/service";
import { keepClean } from "./cleaning.ts";
import { EffectsTable, effectsTables } from "./effects.ts";
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

/** Makes the tables, wakes the relay for what an earlier run left, and keeps them clean. */
export async function openMessages(kept: Kept, host: BindingHost): Promise<OpenMessages> {
  const { clock, random, log, messages } = host;
  const { execute } = kept;
  await makeTables(kept);
  const effects = new EffectsTable(execute, clock);
  const relay = messages && new Relay({ execute, publisher: messages.publisher, clock, random, log });
  if (await isAnyWaiting(execute)) relay?.wake();
  const cleaning = keepClean(effects, { clock, log });
  return {
    memory: { effects, outgoing: messages?.outgoing, onCommitted: () => relay?.wake() },
    stop() {
      const last = [cleaning.stop(), relay?.stop()].filter((each) => each !== undefined);
      return last.length === 0 ? undefined : Promise.all(last).then(() => {});
    },
  };
}

async function makeTables({ flavour, execute }: Kept): Promise<void> {
  const [made] = await execute(indexExists[flavour], ["cantle_effects_at"]);
  if (made !== undefined) return;
  // The last one is looked for, so a start that was cut short makes the rest.
  for (const statement of [...outboxTables(flavour), ...effectsTables]) await execute(statement, []);
}

const indexExists = {
  sqlite: "select name from sqlite_master where type = 'index' and name = ?",
  postgres: "select indexname from pg_indexes where schemaname = current_schema() and indexname = ?",
} as const;
