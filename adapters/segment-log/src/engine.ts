/** The engine: opens the embedded broker of a folder. */
import type { Broker, BrokerEngine, BrokerFacts, BrokerOptions } from "@cantle/messaging";
import { deadLettersOf } from "./dead-letters.ts";
import { diskFiles, type Files } from "./journal/files.ts";
import { formatVersion } from "./journal/segment-header.ts";
import { defaultLimits, type SegmentLogLimits } from "./limits.ts";
import { logOf } from "./log.ts";
import { queueOf } from "./queue.ts";
import { Store } from "./store.ts";
import { locationOf } from "./url.ts";

/** Makes an engine with limits of its own, and for tests with a file system of its own. */
export function createSegmentLog(some: Partial<SegmentLogLimits> = {}, files: Files = diskFiles): BrokerEngine {
  const limits = { ...defaultLimits, ...some };
  return {
    async open(options: BrokerOptions) {
      return brokerOf(await Store.open({ ...options, ...locationOf(options.url), files, limits }), limits);
    },
  };
}

/** The engine as it comes. */
export const segmentLog: BrokerEngine = createSegmentLog();

function brokerOf(store: Store, { dedupWindowMs }: SegmentLogLimits): Broker {
  const facts: BrokerFacts = {
    product: "Cantle, embedded",
    version: String(formatVersion),
    durable: "power",
    orderedByKey: true,
    keepsFailures: true,
    delays: true,
    priorities: true,
    dedupWindowMs,
    messageBytesMax: store.messageBytesMax,
  };
  return {
    facts,
    log: logOf(store),
    queue: queueOf(store),
    deadLetters: deadLettersOf(store),
    check: async () => store.check(),
    close: () => store.close(),
  };
}
