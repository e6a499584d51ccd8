/** Ways in from outside: gateways alone, then with the service behind them. */
import type { Contest, Contestant, Target } from "../harness/contest.ts";
import { cpuColumns, httpContestant, type Requests, type Staged, sharedLoad, stagedPart } from "../harness/entrants.ts";
import { type Shared, shared, startPart } from "../harness/start-part.ts";
import { requests, requestsOf, works } from "../subject/requests.ts";
import { besideOthers } from "./idle.ts";
import { findNginx } from "./nginx.ts";

const at = (file: string) => new URL(file, import.meta.url).href;
const common = { works, columns: () => cpuColumns, rounds: 9, turnMs: 220, warmMs: 1_200 };

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const split = shared(() => startPart(at("./cantle.ts"), "start", ["each"]));
  return [alone(split), besideOthers(split), endToEnd(split)];
}

/** The gateway's process alone. */
function alone(split: Shared): Contest {
  const load = sharedLoad();
  const upstream = shared(() => startPart(at("../service/node-http.ts"), "listen"));
  const frames = shared(() => startPart(at("../remote/frames.ts"), "serve"));
  const named = (name: string, stage: () => Promise<Staged>) => httpContestant(name, { load, requests }, stage);
  const proxy = (name: string, file: string, entry = "listen") =>
    named(name, async () => stagedPart(await startPart(at(file), entry, [(await upstream.get()).url])));
  const hasNginx = findNginx() !== undefined;
  const reference = hasNginx ? "nginx" : "fastify + frames";
  // Where there is no nginx, what stood at 1.05 of it stands for it.
  const times = (ratio: number) => (hasNginx ? ratio : ratio / 1.05);
  const target = (contestant: string, atMost: number, stretch: number) =>
    works.map(
      (work): Target => ({
        contestant,
        work,
        measure: "cpuUs",
        to: reference,
        atMost: times(atMost),
        stretch: times(stretch),
      }),
    );
  return {
    ...common,
    title: "gateway",
    reference,
    contestants: [
      ...(hasNginx ? [proxy("nginx", "./nginx.ts")] : []),
      named("fastify + frames", async () =>
        stagedPart(await startPart(at("./fastify-frames.ts"), "listen", [(await frames.get()).at])),
      ),
      named("cantle", () => gatewayOf(split)),
      withTokens(split, load),
      proxy("splice, unread", "./splice.ts"),
      proxy("node:http + undici", "./undici.ts"),
      proxy("cantle, to HTTP", "./cantle.ts", "external"),
      proxy("http-proxy", "./http-proxy.ts"),
      proxy("fastify-http-proxy", "./fastify-http-proxy.ts"),
    ],
    targets: [
      ...target("cantle", 1.6, 1.3),
      ...target("cantle, to HTTP", 2.4, 2.0),
      ...works.map((work) => ({
        contestant: "cantle, ES256 tokens",
        work,
        measure: "cpuUs",
        to: "cantle",
        atMost: 1.15,
        stretch: 1.08,
      })),
    ],
    notes: [
      "only the gateway's process is counted; 50 connections",
      ...(hasNginx ? [] : ["nginx is not installed: its targets are held against fastify + frames, at 1.05 of it"]),
    ],
    close: async () => void (await Promise.all([load.stop(), upstream.stop(), frames.stop()])),
  };
}

/** The same requests, signed in as one of twenty users. */
function withTokens(split: Shared, load: Shared): Contestant {
  return {
    name: "cantle, ES256 tokens",
    async start() {
      const { facts } = await split.get();
      const signed: Requests = requestsOf(facts?.["tokens"] as readonly string[]);
      return httpContestant("", { load, requests: signed }, () => gatewayOf(split)).start();
    },
  };
}

async function gatewayOf(split: Shared): Promise<Staged> {
  const { url, facts } = await split.get();
  return { url: url!, pids: (facts!["gatewayPids"] as readonly string[]).map(Number), stop: async () => {} };
}

/** Gateway and service, everything that runs counted. */
function endToEnd(split: Shared): Contest {
  const load = sharedLoad();
  const named = (name: string, stage: () => Promise<Staged>) => httpContestant(name, { load, requests }, stage);
  const behind = (name: string, file: string) => named(name, () => withService(file));
  const hasNginx = findNginx() !== undefined;
  const reference = hasNginx ? "nginx + fastify" : "fastify, no gateway";
  const target = (contestant: string, atMost: number, stretch: number) =>
    works.map((work): Target => ({ contestant, work, measure: "cpuUs", to: "nginx + fastify", atMost, stretch }));
  return {
    ...common,
    title: "gateway and service, end to end",
    reference,
    contestants: [
      ...(hasNginx ? [behind("nginx + fastify", "./nginx.ts")] : []),
      named("fastify, no gateway", async () => stagedPart(await startPart(at("../service/fastify.ts"), "listen"))),
      named("cantle, split", async () => ({ ...stagedPart(await split.get()), stop: async () => {} })),
      named("cantle, one process", async () => stagedPart(await startPart(at("./cantle.ts"), "start", ["one"]))),
      behind("fastify-http-proxy + fastify", "./fastify-http-proxy.ts"),
    ],
    targets: [...target("cantle, split", 0.95, 0.85), ...target("cantle, one process", 0.7, 0.6)],
    notes: [
      "every process is counted: of ours the supervisor and the control plane too",
      ...(hasNginx ? [] : ["nginx is not installed: these targets cannot be judged"]),
    ],
    close: async () => void (await Promise.all([load.stop(), split.stop()])),
  };
}

async function withService(file: string): Promise<Staged> {
  const service = await startPart(at("../service/fastify.ts"), "listen");
  const gateway = await startPart(at(file), "listen", [service.url]);
  return {
    url: gateway.url!,
    pids: [...service.pids, ...gateway.pids],
    async stop() {
      await gateway.stop();
      await service.stop();
    },
  };
}
