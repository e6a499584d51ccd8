/** The port `DeadLetters`. */
import {
  checkChannelName,
  checkGroupName,
  type DeadLetter,
  type DeadLetterFacts,
  type DeadLetterPage,
  type DeadLetterSource,
  type DeadLetters,
} from "@cantle/messaging";
import { deadLetterOf } from "./books/buried.ts";
import type { Source } from "./books/source.ts";
import type { Store } from "./store.ts";

/** The dead letters of a store. */
export function deadLettersOf(store: Store): DeadLetters {
  const known = (source: DeadLetterSource): Source | undefined => {
    store.checkOpen();
    checkChannelName(source.name);
    if (source.kind === "topic") checkGroupName(source.group ?? "");
    return store.books.source(source);
  };
  return {
    async sources() {
      store.checkOpen();
      return [...store.books.sources.values()].flatMap((source) => factsOf(store, source));
    },
    read: async (source, page) => read(store, known(source), page),
    async redrive(source, id) {
      const owner = known(source);
      const serial = serialOf(id);
      if (owner?.buried.at(serial) === undefined) return false;
      // One that is forgotten comes back for it.
      if (source.kind === "topic") await store.books.group(source.name, source.group as string, { kind: "new" });
      return owner.redrive(serial);
    },
    remove: async (source, id) => (await known(source)?.buried.noteRemoved(serialOf(id))) ?? false,
  };
}

async function read(store: Store, source: Source | undefined, { max, after }: DeadLetterPage): Promise<DeadLetter[]> {
  if (source === undefined) return [];
  const from = after === undefined ? 0 : serialOf(after);
  const serials = source.buried.serials(false).filter((serial) => serial > from);
  const letters: DeadLetter[] = [];
  for (const serial of serials.slice(0, max)) {
    const letter = source.buried.at(serial);
    if (letter === undefined || letter.redriven) continue;
    letters.push(deadLetterOf(serial, await store.journal.reader.read(letter.address, letter.size), letter.size));
  }
  return letters;
}

function factsOf(store: Store, source: Source): DeadLetterFacts[] {
  const [oldest] = source.buried.serials(false);
  if (oldest === undefined) return [];
  const oldestMs = Math.max(0, store.clock.wallMs() - (source.buried.at(oldest)?.timeMs ?? 0));
  return [{ source: source.deadLetterSource, count: source.buried.count, oldestMs }];
}

/** No letter has the serial NaN. */
function serialOf(id: string): number {
  return /^\d{1,15}$/.test(id) ? Number(id) : Number.NaN;
}
