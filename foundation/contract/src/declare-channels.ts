/** From drafts of events and queues to frozen parts of a contract. Throws `CONTRACT_INVALID` with the place. */
import type { DeclaredEvent, DeclaredQueue, EventDraft, EventSpec, QueueDraft, QueueSpec } from "./channel.ts";
import { checkName, invalid } from "./check.ts";
import { propertiesOf } from "./json-schema.ts";
import { isSchema, jsonSchemaOf } from "./schema.ts";

/** The contract they belong to. */
interface Owner {
  readonly service: string;
  readonly version: string;
}

type Drafts<D> = { readonly [name: string]: D } | undefined;

const eventWords = new Set<keyof EventDraft>(["kind", "data", "key", "summary", "description", "deprecated"]);
const queueWords = new Set<keyof QueueDraft>(["kind", "data", "summary", "description", "deprecated"]);

/** The events of a contract, by name. */
export function declareEvents(drafts: Drafts<EventDraft>, owner: Owner): { readonly [name: string]: DeclaredEvent } {
  return declareAll(drafts, owner, {
    group: "events",
    kind: "event",
    topic: "topic",
    words: eventWords,
    check: ({ key, data }, place) => {
      if (key !== undefined && !propertiesOf(jsonSchemaOf(data, "output", place)).has(key))
        throw invalid(`the key '${key}' is not a member of the data`, place, "name one that every event has");
    },
  });
}

/** The queues of a contract, by name. */
export function declareQueues(drafts: Drafts<QueueDraft>, owner: Owner): { readonly [name: string]: DeclaredQueue } {
  return declareAll(drafts, owner, {
    group: "queues",
    kind: "queue",
    topic: "queue",
    words: queueWords,
    check: () => {},
  });
}

interface Sort<D> {
  readonly group: "events" | "queues";
  readonly kind: "event" | "queue";
  readonly topic: "topic" | "queue";
  readonly words: ReadonlySet<string>;
  readonly check: (draft: D, place: string) => void;
}

function declareAll<
  D extends (EventSpec | QueueSpec) & { readonly kind: string; readonly data: EventDraft["data"] },
  R,
>(drafts: Drafts<D>, { service, version }: Owner, sort: Sort<D>): { readonly [name: string]: R } {
  const declared = Object.entries(drafts ?? {}).map(([name, draft]) => {
    const place = `contract("${service}").${sort.group}.${name}`;
    checkName(name, place);
    if (draft?.kind !== sort.kind || !isSchema(draft.data))
      throw invalid(
        `this is not ${sort.kind === "event" ? "an event" : "a queue"}`,
        place,
        `write ${sort.kind}(Schema)`,
      );
    for (const word of Object.keys(draft))
      if (!sort.words.has(word))
        throw invalid(
          `'${word}' is not an option of ${sort.kind === "event" ? "an event" : "a queue"}`,
          place,
          `the options are ${[...sort.words].slice(2).join(", ")}`,
        );
    jsonSchemaOf(draft.data, "input", place);
    jsonSchemaOf(draft.data, "output", place);
    sort.check(draft, place);
    const channel = Object.freeze({ kind: sort.topic, name: `${service}.${name}` });
    return [name, Object.freeze({ ...draft, service, name, version, channel })];
  });
  return Object.freeze(Object.fromEntries(declared));
}
