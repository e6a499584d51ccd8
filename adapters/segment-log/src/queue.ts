/** The port `Queue`. */
import { checkChannelName, type Queue } from "@cantle/messaging";
import type { Store } from "./store.ts";

/** The queues of a store. */
export function queueOf(store: Store): Queue {
  const { books } = store;
  const known = (name: string) => {
    store.checkOpen();
    checkChannelName(name);
    return books.queues.get(name);
  };
  return {
    send: async (queue, messages) => {
      store.checkOpen();
      checkChannelName(queue);
      return store.publish(messages, () => books.queue(queue));
    },
    consume: async (name, options) => {
      const queue = known(name) ?? books.queue(name);
      return queue.work.consume(options);
    },
    peek: async (name, max) => known(name)?.peek(max) ?? [],
    purge: async (name) => known(name)?.work.purge() ?? 0,
    async queues() {
      store.checkOpen();
      return [...books.queues.values()].map(({ work }) => work.facts());
    },
  };
}
