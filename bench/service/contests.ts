/** A service's own HTTP endpoint. */
import type { Contest } from "../harness/contest.ts";
import { cpuColumns, httpContestant, sharedLoad, stagedPart } from "../harness/entrants.ts";
import { startPart } from "../harness/start-part.ts";
import { requests, works } from "../subject/requests.ts";

/** The contests. */
export async function contests(): Promise<Contest[]> {
  const load = sharedLoad();
  const contestant = (name: string, file: string) =>
    httpContestant(name, { load, requests }, async () =>
      stagedPart(await startPart(new URL(file, import.meta.url).href, "listen")),
    );
  const [get, post] = works;
  const target = { contestant: "cantle", measure: "cpuUs", to: "fastify", atMost: 1.05 };
  return [
    {
      title: "service endpoint over HTTP",
      works,
      columns: () => cpuColumns,
      rounds: 11,
      turnMs: 300,
      warmMs: 1_200,
      reference: "fastify",
      contestants: [
        contestant("node:http", "./node-http.ts"),
        contestant("fastify", "./fastify.ts"),
        contestant("cantle", "./cantle.ts"),
        contestant("hono", "./hono.ts"),
        contestant("nest on fastify", "./nest.ts"),
      ],
      targets: [
        { work: get, ...target },
        { work: post, ...target, stretch: 0.9 },
      ],
      notes: [
        "50 connections",
        "cantle validates and copies both ways, fastify validates its input and prints by schema, hono validates its input, node:http and nest nothing",
      ],
      close: () => load.stop(),
    },
  ];
}
