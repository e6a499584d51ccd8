/** The port `Log`: topics. */
import type { Message } from "@cantle/contract";
import { checkChannelName, checkGroupName, type Log } from "@cantle/messaging";
import type { Store } from "./store.ts";

/** The topics of a store. */
export function logOf(store: Store): Log {
  const { books } = store;
  return {
    append: async (topic, messages: readonly Message[]) => {
      store.checkOpen();
      checkChannelName(topic);
      return store.publish(messages, () => books.topic(topic));
    },
    async consume(topic, group, { from, ...options }) {
      store.checkOpen();
      checkChannelName(topic);
      checkGroupName(group);
      const joined = await books.group(topic, group, from);
      store.checkOpen();
      return joined.consume(options);
    },
    async read(topic, { from, max }) {
      store.checkOpen();
      checkChannelName(topic);
      return books.topics.get(topic)?.read(from, max) ?? [];
    },
    async seek(topic, name, to) {
      store.checkOpen();
      checkChannelName(topic);
      checkGroupName(name);
      const group = await books.group(topic, name, to);
      await group.seek(group.topic.numberAt(to));
    },
    async forget(topic, name) {
      store.checkOpen();
      checkChannelName(topic);
      checkGroupName(name);
      await books.forget(topic, name);
    },
    async topics() {
      store.checkOpen();
      return [...books.topics.values()].map((topic) => topic.facts());
    },
  };
}
