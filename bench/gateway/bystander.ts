/**
 * A client who asks at an even pace beside others who do nothing or are slow, and how long it waits. The others are held by a
 * process of their own (`hangers`), so that they cost the one who measures nothing.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { Part } from "../harness/part.ts";

/** What the bystander asks. */
export interface AskOrder {
  readonly url: string;
  readonly ms: number;
}

/** How long it waited. */
export interface Waited {
  readonly calls: number;
  readonly failed: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Who hangs there, and how many. */
export interface HangOrder {
  readonly url: string;
  readonly kind: "idle" | "slow headers" | "slow body" | "none";
  readonly count: number;
}

const askers = 8;
const pauseMs = 4;
/** As many are opened at once: more than the kernel keeps waiting would be refused. */
const openedAtOnce = 200;
const slowMs = 100;

/** The one who asks. */
export async function bystander(): Promise<Part> {
  return { drive: ask, stop() {} };
}

async function ask({ url, ms }: AskOrder): Promise<Waited> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: askers });
  const tookUs: number[] = [];
  let failed = 0;
  const endMs = performance.now() + ms;
  const work = async () => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      const { statusCode, body } = await pool.request({ method: "GET", path: pathname });
      await body.dump();
      if (statusCode !== 200) failed++;
      tookUs.push((performance.now() - startMs) * 1_000);
      await delay(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: askers }, work));
  await pool.close();
  tookUs.sort((a, b) => a - b);
  const at = (share: number) => tookUs[Math.floor(tookUs.length * share)] ?? 0;
  return { calls: tookUs.length, failed, p50Us: at(0.5), p99Us: at(0.99) };
}

/** Those who hang there. Each order replaces who hung there before; answers with how many were let in. */
export async function hangers(): Promise<Part> {
  let sockets: Socket[] = [];
  let timers: NodeJS.Timeout[] = [];
  function leave(): void {
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    [sockets, timers] = [[], []];
  }
  return {
    async drive({ url, kind, count }: HangOrder) {
      leave();
      if (kind === "none") return 0;
      while (sockets.length < count) {
        const opened = Array.from({ length: Math.min(openedAtOnce, count - sockets.length) }, () => open(url));
        sockets.push(...(await Promise.all(opened)));
      }
      const { host, pathname } = new URL(url);
      for (const socket of sockets) timers.push(...behave(socket, kind, { host, path: pathname }));
      return sockets.filter(({ destroyed }) => !destroyed).length;
    },
    stop: leave,
  };
}

function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  // The gateway cuts those who are too slow, as it should.
  socket.on("error", () => {});
  return new Promise(
    (resolve) => void socket.once("connect", () => resolve(socket)).once("close", () => resolve(socket)),
  );
}

/** Begins to be slow; answers with the timers of it. */
function behave(socket: Socket, kind: HangOrder["kind"], to: { host: string; path: string }): NodeJS.Timeout[] {
  const drip = (text: string) => [setInterval(() => socket.writable && socket.write(text), slowMs)];
  switch (kind) {
    case "slow headers":
      socket.write(`GET ${to.path} HTTP/1.1\r\nhost: ${to.host}\r\n`);
      return drip("x");
    case "slow body":
      socket.write(
        `POST /orders HTTP/1.1\r\nhost: ${to.host}\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{`,
      );
      return drip(" ");
    default:
      return [];
  }
}
