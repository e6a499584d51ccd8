/** Traffic on the payments: nine inquiries of ten, now and then a payment or a settlement, and what became of each. */
import { Agent, request } from "node:http";

/** What is asked for. */
export type Kind = "inquiry" | "payment" | "settlement";

/** One request that ended. */
export interface Ended {
  readonly kind: Kind;
  /** The payment's, so that it can be looked for afterwards. */
  readonly reference: string;
  /** `200`, `503 UNAVAILABLE`, or what broke. */
  readonly outcome: string;
  readonly isGood: boolean;
  readonly tookMs: number;
}

/** Traffic that goes on until it is stopped. */
export interface Traffic {
  readonly ended: readonly Ended[];
  /** How many requests at once, from now on. */
  workers(count: number): void;
  /** Resolves when so many more have ended. */
  more(count: number): Promise<void>;
  /** Resolves when the last has ended. */
  stop(): Promise<void>;
}

const mix: readonly Kind[] = [
  "inquiry",
  "inquiry",
  "inquiry",
  "inquiry",
  "payment",
  "inquiry",
  "inquiry",
  "inquiry",
  "inquiry",
  "settlement",
];
const workersMax = 200;

/** Begins to send to a gateway. */
export function startTraffic(url: string, count: number): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: workersMax });
  const ended: Ended[] = [];
  const working = new Set<Promise<void>>();
  let wanted = 0;
  let running = 0;
  let sent = 0;
  let waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  async function work(): Promise<void> {
    while (running <= wanted) {
      const turn = sent++;
      const kind = mix[turn % mix.length] as Kind;
      const reference = `${turn}`;
      const sentMs = performance.now();
      const [outcome, isGood] = await send(agent, new URL(pathOf(kind, turn), url), bodyOf(kind, reference));
      ended.push({ kind, reference, outcome, isGood, tookMs: performance.now() - sentMs });
      for (const { resolve } of waiting.filter(({ at }) => at <= ended.length)) resolve();
      waiting = waiting.filter(({ at }) => at > ended.length);
    }
    running--;
  }

  function workers(many: number): void {
    wanted = Math.min(many, workersMax);
    while (running < wanted) {
      running++;
      const one = work().finally(() => working.delete(one));
      working.add(one);
    }
  }

  workers(count);
  return {
    ended,
    workers,
    more: (many) => new Promise((resolve) => void waiting.push({ at: ended.length + many, resolve })),
    async stop() {
      workers(0);
      await Promise.all(working);
      agent.destroy();
    },
  };
}

function pathOf(kind: Kind, turn: number): string {
  if (kind === "payment") return "/payments";
  return kind === "inquiry" ? `/accounts/a${turn % 50}/balance` : `/settlements/of-${turn % 5}`;
}

function bodyOf(kind: Kind, reference: string): string | undefined {
  if (kind === "payment") return JSON.stringify({ reference, from: "a1", to: "a2", cents: 1 });
  return kind === "settlement" ? "{}" : undefined;
}

/** A GET, a POST or a PUT, by its path and body. */
function send(agent: Agent, url: URL, body: string | undefined): Promise<readonly [outcome: string, isGood: boolean]> {
  const method = body === undefined ? "GET" : url.pathname === "/payments" ? "POST" : "PUT";
  const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": body.length };
  return new Promise((resolve) => {
    const asked = request(url, { agent, method, headers }, (answer) => {
      const { statusCode = 0 } = answer;
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("error", (error) => resolve([String(error), false]));
      answer.on("end", () => resolve(statusCode < 300 ? [`${statusCode}`, true] : [`${statusCode} ${text}`, false]));
    });
    asked.on("error", (error) => resolve([String(error), false]));
    asked.end(body);
  });
}
