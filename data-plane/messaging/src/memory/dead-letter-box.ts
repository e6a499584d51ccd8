/** Dead letters in memory, by source. */
import type { Clock } from "@cantle/core";
import { checkChannelName, checkGroupName } from "../channel-name.ts";
import type { DeadLetter, DeadLetterFacts, DeadLetterPage, DeadLetterSource } from "../dead-letters.ts";
import type { AttemptFailure, StoredMessage } from "../delivery.ts";
import type { Held } from "../delivery-state.ts";

/** A message that is given up, by whom and why. */
interface Buried {
  readonly message: StoredMessage;
  readonly held: Held;
  readonly failure: AttemptFailure;
}

interface Box {
  readonly source: DeadLetterSource;
  readonly letters: Map<string, DeadLetter>;
}

/** All dead letters of one broker. */
export class DeadLetterBox {
  readonly #clock: Clock;
  readonly #boxes = new Map<string, Box>();
  #serial = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(source: DeadLetterSource, { message, held: { attempt, failures }, failure }: Buried): void {
    const id = String(++this.#serial);
    const box = this.#boxes.get(keyOf(source)) ?? { source, letters: new Map() };
    this.#boxes.set(keyOf(source), box);
    const at = new Date(this.#clock.wallMs()).toISOString();
    box.letters.set(id, { id, message, attempts: attempt, failures: [...failures, failure], at });
  }

  facts(): readonly DeadLetterFacts[] {
    return [...this.#boxes.values()].map(({ source, letters }) => {
      const [oldest] = letters.values();
      const oldestMs = Math.max(0, this.#clock.wallMs() - Date.parse((oldest as DeadLetter).at));
      return { source, count: letters.size, oldestMs };
    });
  }

  read(source: DeadLetterSource, { max, after = "0" }: DeadLetterPage): readonly DeadLetter[] {
    const letters = [...(this.#boxes.get(keyOf(source))?.letters.values() ?? [])];
    return letters.filter(({ id }) => Number(id) > Number(after)).slice(0, max);
  }

  /** Takes one out; undefined when it is not there. */
  take(source: DeadLetterSource, id: string): DeadLetter | undefined {
    const box = this.#boxes.get(keyOf(source));
    const letter = box?.letters.get(id);
    box?.letters.delete(id);
    if (box?.letters.size === 0) this.#boxes.delete(keyOf(source));
    return letter;
  }
}

function keyOf({ kind, name, group }: DeadLetterSource): string {
  return `${kind} ${name} ${group ?? ""}`;
}

/** Throws `CHANNEL_UNKNOWN` unless all names in it are names. */
export function checkSource({ kind, name, group }: DeadLetterSource): void {
  checkChannelName(name);
  if (kind === "topic") checkGroupName(group ?? "");
}
