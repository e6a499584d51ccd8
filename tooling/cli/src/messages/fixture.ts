/** For tests: a broker in memory on a virtual clock, with a terminal at it, and ways to have messages given up. */
import { contract, event, type Message, queue } from "@cantle/contract";
import { type VirtualClock, virtualClock } from "@cantle/core";
import { type AttemptFailure, type DeadLetterSource, type Delivery, openMemoryBroker } from "@cantle/messaging";
import { service } from "@cantle/service";
import { type System, system } from "@cantle/system";
import { z } from "zod";
import { type TestTerminal, testTerminal } from "../fixture.ts";
import type { AtBroker } from "./at-broker.ts";

/** Articles are published, notices are sent. */
const articles = contract("articles", {
  version: "1.0.0",
  operations: {},
  events: { published: event(z.object({ id: z.int(), author: z.string() }), { key: "author" }) },
});
const notices = contract("notices", {
  version: "1.0.0",
  operations: {},
  queues: { notice: queue(z.object({ to: z.string(), text: z.string().default("hello") })) },
});

/** The system of these two, without subscribers. */
export const press: System = system("press", {
  services: {
    articles: async () => ({ default: service(articles, { handlers: {} }) }),
    notices: async () => ({ default: service(notices, { handlers: {} }) }),
  },
});

/** What a command is tested with. */
export interface TestBroker extends AtBroker {
  readonly clock: VirtualClock;
  readonly terminal: TestTerminal;
  /** What was printed, as `--json` prints it. */
  printed(): any;
}

/** A broker in memory with a terminal at it; `answer` is what somebody there types. */
export function testBroker(answer?: string): TestBroker {
  const base = testTerminal();
  const terminal = answer === undefined ? base : { ...base, ask: async () => answer };
  const clock = virtualClock();
  const broker = openMemoryBroker({ clock });
  return { terminal, broker, clock, system: press, printed: () => JSON.parse(base.result.splice(0).join("\n")) };
}

/** A message with this id and data. */
export function messageOf(id: string, data: unknown, more: Partial<Message> = {}): Message {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  return { id, source: "test", time: "2026-01-01T00:00:00.000Z", data: bytes, ...more };
}

/** The failure of an attempt. */
export function failureOf(code: string, message = "no luck"): AttemptFailure {
  return { code, message, at: "2026-01-01T00:00:01.000Z", traceId: "0af7651916cd43dd8448eb211c80319c" };
}

/** How long a test has failed messages wait, ms. */
export const backOffMs = 10;

/** Takes everything that a source has, what backed off too, and does this with each; then leaves. */
export async function takeAll(
  { broker, clock }: Pick<TestBroker, "broker" | "clock">,
  { kind, name, group = "" }: DeadLetterSource,
  each: (delivery: Delivery) => Promise<void>,
): Promise<void> {
  await clock.advance(backOffMs);
  const ended: Promise<void>[] = [];
  const taking = {
    inFlightMax: 1_000,
    leaseMs: 60_000,
    onDelivery: (delivery: Delivery) => void ended.push(each(delivery)),
  };
  const consumption =
    kind === "topic"
      ? await broker.log.consume(name, group, { ...taking, from: { kind: "first" } })
      : await broker.queue?.consume(name, taking);
  await consumption?.pause();
  await Promise.all(ended);
  await consumption?.stop();
}
