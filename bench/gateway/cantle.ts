/** Ours: the whole system, started as users start it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@cantle/core";
import { listenGateway } from "@cantle/gateway";
import { startSystem } from "@cantle/host";
import type { Policy } from "@cantle/mesh";
import { familyOf } from "../harness/cpu.ts";
import type { Part } from "../harness/part.ts";

/** Starts it in a placement; every process of it is counted, unless somebody picks the gateway's. */
export async function start(placement: "each" | "one", policy: Policy = {}): Promise<Part> {
  const home = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const running = await startSystem({
    file: fileURLToPath(new URL("../subject/system.ts", import.meta.url)),
    placement,
    port: 0,
    env: { ...process.env, CANTLE_HOME: home, CANTLE_POLICIES: JSON.stringify({ "*": policy }) },
  });
  const stop = async () => {
    await running.stop();
    await rm(home, { recursive: true, force: true });
  };
  const rows = running.list();
  const lost = rows.find(({ state }) => state !== "ready");
  if (lost !== undefined) {
    await stop();
    throw new Error(`${lost.instance} is ${lost.state}: ${lost.lastError?.text}`);
  }
  const url = running.addresses.gateway;
  // A unit may work through processes of its own: what a gateway does its worker does.
  const pids = [...new Set([process.pid, ...rows.map(({ pid }) => pid!)].flatMap(familyOf))];
  const gatewayPids = familyOf(rows.find(({ unit }) => unit === "gateway")?.pid ?? process.pid).map(String);
  return { url, pids, facts: { gatewayPids, tokens: await tokensOf(url) }, stop };
}

const users = 20;

async function tokensOf(url: string): Promise<string[]> {
  const names = Array.from({ length: users }, (_, at) => `user-${at}`);
  return Promise.all(
    names.map(async (name) => {
      const body = JSON.stringify({ name });
      const answer = await fetch(`${url}/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      return ((await answer.json()) as { token: string }).token;
    }),
  );
}

/** The gateway alone, in front of a program that keeps no contract. */
export async function external(upstream: string): Promise<Part> {
  const gateway = await listenGateway({
    mounts: [],
    send: () => () => Promise.reject(new Error("nothing is mounted")),
    externals: [{ route: "/shop", service: "shop", access: "public", pick: () => upstream }],
    clock: systemClock,
  });
  return { url: `${gateway.address}/shop`, stop: () => gateway.stop(0) };
}
