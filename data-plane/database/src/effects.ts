/**
 * Which keyed calls and which deliveries had their effect, in the database where the effect is.
 *
 * A transaction of such a call leaves a row behind that commits with it: the key, and what the callback returned. When the
 * call comes again (a client repeats it, the broker delivers again), the handler runs again, and each of its transactions
 * answers with what it returned the first time, without running. So a crash anywhere between two transactions, or between
 * the last one and the reply, goes on where it was. When the handler is done its output is kept too, and then it is not
 * entered again.
 *
 * The transactions of a handler are told apart by what they do, by the text of the callback or of the statement, and those that
 * do the same by the order in which they begin. Not by their order alone: a handler that finds its row there the second time
 * begins with another one. One that a new release has changed is another one, and runs.
 */
import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { type Channel, deliveryName } from "@cantle/contract";
import { type Call, CantleError, type Clock } from "@cantle/core";
import { type Effects, type KeyedCall, type KeyScope, keyOf } from "@cantle/service";
import type { Execute } from "./execute.ts";

/** How long keys are remembered, ms: longer than any broker delivers again, or any client repeats. */
export const keptMs = 7 * 24 * 3_600_000;

/** The table of effects, and what finds the old ones in it; each statement may run again. */
export const effectsTables: readonly string[] = [
  "create table if not exists cantle_effects (scope text not null, key text not null, step text not null, " +
    "fingerprint text not null, result text not null, at bigint not null, primary key (scope, key, step))",
  "create index if not exists cantle_effects_at on cantle_effects (at)",
];

/** Forgets what a service's transactions did for the messages of a channel. */
export async function forgetMessages(execute: Execute, service: string, channel: Channel): Promise<void> {
  await execute("delete from cantle_effects where scope = ?", [`${service}.${deliveryName(channel)}`]);
}

/** The step of the handler's own output. */
const outputStep = "output";

/** Enough characters that no two transactions of a handler have one name. */
const nameLength = 16;

/** The memory of one database. */
export class EffectsTable implements Effects {
  readonly #execute: Execute;
  readonly #clock: Clock;
  readonly #begun = new WeakMap<Call, KeyedCall>();

  constructor(execute: Execute, clock: Clock) {
    this.#execute = execute;
    this.#clock = clock;
  }

  async begin(call: Call, keyed: KeyedCall): Promise<{ readonly output: unknown } | undefined> {
    this.#begun.set(call, keyed);
    const rows = await this.#execute(
      "select step, fingerprint, result from cantle_effects where scope = ? and key = ?",
      [keyed.scope, keyed.key],
    );
    if (rows.some(({ fingerprint }) => fingerprint !== keyed.fingerprint)) throw reused();
    const output = rows.find(({ step }) => step === outputStep);
    return output && { output: fromText(output["result"]) };
  }

  async finish(keyed: KeyedCall, output: unknown): Promise<void> {
    await this.#execute(
      "insert into cantle_effects (scope, key, step, fingerprint, result, at) values (?, ?, ?, ?, ?, ?) on conflict (scope, key, step) do nothing",
      [keyed.scope, keyed.key, outputStep, keyed.fingerprint, toText(output), this.#clock.wallMs()],
    );
  }

  /** The steps of a call whose effects are remembered: one that carries a key and was begun, or a delivery. */
  stepsOf(call: Call): Steps | undefined {
    const begun = this.#begun.get(call);
    if (begun !== undefined) return new Steps(begun, this.#clock);
    const delivery = call.message === undefined ? undefined : keyOf(call);
    return delivery && new Steps({ ...delivery, fingerprint: "" }, this.#clock);
  }

  /** Forgets so many of those that are older than anybody asks for; answers with how many there were. */
  async clean(countMax: number): Promise<number> {
    const gone = await this.#execute(
      "delete from cantle_effects where (scope, key, step) in " +
        "(select scope, key, step from cantle_effects where at < ? order by at limit ?) returning step",
      [this.#clock.wallMs() - keptMs, countMax],
    );
    return gone.length;
  }
}

/** The transactions of one call. */
export class Steps {
  readonly #key: KeyScope & Pick<KeyedCall, "fingerprint">;
  readonly #clock: Clock;
  readonly #begun = new Map<string, number>();

  constructor(key: KeyScope & Pick<KeyedCall, "fingerprint">, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** One begins that does what the text says. */
  begin(text: string): Step {
    const name = createHash("sha256").update(text).digest("base64url").slice(0, nameLength);
    const before = this.#begun.get(name) ?? 0;
    this.#begun.set(name, before + 1);
    return new Step(this.#key, `${name}.${before}`, this.#clock);
  }
}

/** One transaction of a call; its statements run inside that transaction. */
export class Step {
  readonly #key: KeyScope & Pick<KeyedCall, "fingerprint">;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(key: KeyScope & Pick<KeyedCall, "fingerprint">, name: string, clock: Clock) {
    this.#key = key;
    this.#name = name;
    this.#clock = clock;
  }

  /** What it returned when it committed before. */
  async recall(execute: Execute): Promise<{ readonly result: unknown } | undefined> {
    const { scope, key, fingerprint } = this.#key;
    const [row] = await execute(
      "select fingerprint, result from cantle_effects where scope = ? and key = ? and step = ?",
      [scope, key, this.#name],
    );
    if (row === undefined) return undefined;
    if (row["fingerprint"] !== fingerprint) throw reused();
    return { result: fromText(row["result"]) };
  }

  async remember(execute: Execute, result: unknown): Promise<void> {
    const { scope, key, fingerprint } = this.#key;
    await execute("insert into cantle_effects (scope, key, step, fingerprint, result, at) values (?, ?, ?, ?, ?, ?)", [
      scope,
      key,
      this.#name,
      fingerprint,
      toText(result),
      this.#clock.wallMs(),
    ]);
  }
}

/** Structured clones, as results may hold what JSON cannot say: Kysely counts rows with bigints. */
function toText(value: unknown): string {
  try {
    return serialize(value).toString("base64");
  } catch (cause) {
    throw new CantleError(
      "TRANSACTION_MISUSED",
      "what a transaction returns must be data when its call carries a key",
      {
        cause,
        help: "return rows or values from the callback, not functions or connections",
      },
    );
  }
}

function fromText(text: unknown): unknown {
  return deserialize(Buffer.from(String(text), "base64"));
}

function reused(): CantleError {
  return new CantleError("KEY_REUSED", "this idempotency key was used before, for another request", {
    help: "make a new key for each request, and repeat it only with the same body",
  });
}
