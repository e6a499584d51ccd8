/** The broker of these tests: keeps what it takes in a list, each id once, and refuses what it is told to. */
import type { Channel, Message } from "@cantle/contract";
import type { CantleError } from "@cantle/core";
import type { Publisher } from "@cantle/service";

/** What is published. */
export interface Letter {
  readonly id: string;
  readonly text: string;
}

type Refusal = CantleError | ((letter: Letter) => CantleError | undefined) | undefined;

/** Keeps letters. */
export class Postbox implements Publisher {
  readonly letters: Letter[] = [];
  readonly messages: Message[] = [];
  /** How much data each batch had that was taken. */
  readonly batchBytes: number[] = [];
  readonly #ids = new Set<string>();
  readonly #waits = new Set<() => void>();
  #refusal: Refusal;
  #refused = 0;
  messageBytesMax: number | undefined;

  async publish(_channel: Channel, batch: readonly Message[]): Promise<void> {
    const parsed = batch.map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as Letter);
    const refusal = this.#refusal;
    const error = parsed.map((letter) => (typeof refusal === "function" ? refusal(letter) : refusal)).find(Boolean);
    if (error !== undefined) this.#refused++;
    else {
      this.batchBytes.push(batch.reduce((sum, { data }) => sum + data.byteLength, 0));
      for (const [at, message] of batch.entries()) this.#keep(message, parsed[at] as Letter);
    }
    for (const look of [...this.#waits]) look();
    if (error !== undefined) throw error;
  }

  #keep(message: Message, letter: Letter): void {
    if (this.#ids.has(message.id)) return;
    this.#ids.add(message.id);
    this.messages.push(message);
    this.letters.push(letter);
  }

  /** From now on refuses everything, what the function says, or nothing. */
  refuse(refusal: Refusal): void {
    this.#refusal = refusal;
  }

  texts(): readonly string[] {
    return this.letters.map(({ text }) => text);
  }

  /** Resolves when it has so many letters. */
  arrived(count: number): Promise<void> {
    return this.#until(() => this.letters.length >= count);
  }

  /** Resolves when it has refused so many batches. */
  refusals(count: number): Promise<void> {
    return this.#until(() => this.#refused >= count);
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waits.delete(look);
        resolve();
      };
      this.#waits.add(look);
      look();
    });
  }
}
