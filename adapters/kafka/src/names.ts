/**
 * What things of ours are called in the cluster. Channels and groups were checked before they come here, so their parts have
 * neither dots nor anything that Kafka does not take.
 *
 *     articles.published                         the topic
 *     articles.published.notices.again           what the group `notices` gets once more
 *     articles.published.notices.dead-letters    what it gave up
 *     notices.articles.published                 the consumer group
 */
import type { DeadLetterSource } from "@cantle/messaging";

/** Names behind one prefix. */
export class Names {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  topic(topic: string): string {
    return `${this.#prefix}${topic}`;
  }

  again(topic: string, group: string): string {
    return `${this.#prefix}${topic}.${group}.again`;
  }

  deadLetters({ name, group }: DeadLetterSource): string {
    return `${this.#prefix}${name}.${group}.dead-letters`;
  }

  group(topic: string, group: string): string {
    return `${this.#prefix}${group}.${topic}`;
  }

  /** The topic of ours that is called so in the cluster; undefined for any other. */
  topicOf(name: string): string | undefined {
    const rest = this.#rest(name);
    return rest?.split(".").length === 2 ? rest : undefined;
  }

  /** The group of this topic that is called so in the cluster; undefined for any other. */
  groupOf(name: string, topic: string): string | undefined {
    const [group, ...of] = this.#rest(name)?.split(".") ?? [];
    return of.join(".") === topic ? group : undefined;
  }

  /** Whose dead letters are kept in a topic of this name; undefined when it keeps none. */
  sourceOf(name: string): DeadLetterSource | undefined {
    const [service, topic, group, kind, ...more] = this.#rest(name)?.split(".") ?? [];
    if (kind !== "dead-letters" || more.length > 0) return undefined;
    return { kind: "topic", name: `${service}.${topic}`, group };
  }

  #rest(name: string): string | undefined {
    return name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : undefined;
  }
}
