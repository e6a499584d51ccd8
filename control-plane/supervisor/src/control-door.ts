/**
 * The control door: how other programs of the same user speak to a running supervisor. Plain HTTP and JSON on a Unix
 * socket that only its owner can reach (folder 0700, socket 0600), so there is no token.
 *
 *     GET  /state                    → { pid, instances }
 *     POST /restart?unit=U&overlap   → { instances }
 *     POST /stop                     → {}, when all instances have ended
 *     GET  /logs?unit=U&follow       → one JSON log line a line; with `follow` it does not end by itself
 *
 * And all that `fleet-door.ts` knows. Errors are records of the closed table. Kept apart from the supervisor, so that it can become a contract of its own.
 */
import { chmodSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { asCantleError, CantleError, type Running, toRecord } from "@cantle/core";
import { type Asked, answerFleet, type BehindFleet } from "./fleet-door.ts";
import { socketPath } from "./folder.ts";
import type { InstanceRow, LogLine, LogSink } from "./spec.ts";

// An import of names makes Node evaluate all of the module's, its own HTTP client among them: 20 ms at every start.
const { createServer } = process.getBuiltinModule("node:http");

/** The most bytes that wait for a reader of logs who does not keep up; then it is let go. */
const followBytesMax = 1_000_000;
/** The most connections at once. */
const connectionsMax = 64;

/** What `GET /state` answers. */
export interface DoorState {
  /** The supervisor's. */
  readonly pid: number;
  readonly instances: readonly InstanceRow[];
}

/** What the door needs of a supervisor. */
export interface BehindDoor extends BehindFleet {
  list(): readonly InstanceRow[];
  restart(unit: string, options: { readonly overlap: boolean }): Promise<readonly InstanceRow[]>;
  recentLines(unit?: string): readonly LogLine[];
  followLines(sink: LogSink): () => void;
  /** Ends the instances; the door stays open for the answer. */
  stopInstances(): Promise<void>;
  /** Ends the rest, the door included. */
  stop(): Promise<void>;
}

/** Opens the door. A socket that is there already is a dead supervisor's: whoever opens holds the folder's lock. */
export async function openDoor(path: string, behind: BehindDoor): Promise<Running> {
  const followers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answer(askedBy(request), response, { behind, followers }).catch((error: unknown) => refuse(response, error));
  });
  server.maxConnections = connectionsMax;
  rmSync(path, { force: true });
  const bound = socketPath(path);
  await listen(server, bound.path);
  chmodSync(path, 0o600);
  return {
    async stop() {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const follower of followers) follower.end();
      server.closeIdleConnections();
      await closed;
      bound.close();
    },
  };
}

interface Door {
  readonly behind: BehindDoor;
  readonly followers: Set<ServerResponse>;
}

function askedBy({ method, url = "" }: IncomingMessage): Asked {
  const [path, query] = url.split("?");
  return { what: `${method} ${path}`, query: new URLSearchParams(query) };
}

async function answer(asked: Asked, response: ServerResponse, { behind, followers }: Door): Promise<void> {
  const { what, query } = asked;
  const unit = query.get("unit") ?? undefined;
  switch (what) {
    case "GET /state":
      return reply(response, 200, { pid: process.pid, instances: behind.list() } satisfies DoorState);
    case "POST /restart":
      if (unit === undefined) throw new CantleError("USAGE", "restart needs a unit");
      return reply(response, 200, { instances: await behind.restart(unit, { overlap: query.has("overlap") }) });
    case "POST /stop":
      await behind.stopInstances();
      reply(response, 200, {});
      return behind.stop();
    case "GET /logs":
      for (const line of behind.recentLines(unit)) response.write(`${JSON.stringify(line)}\n`);
      if (!query.has("follow")) return void response.end();
      return follow(response, unit, { behind, followers });
    default: {
      const answered = await answerFleet(asked, behind);
      if (answered === undefined) throw new CantleError("ROUTE_UNKNOWN", `the supervisor does not know '${what}'`);
      return reply(response, 200, answered);
    }
  }
}

function follow(response: ServerResponse, unit: string | undefined, { behind, followers }: Door): void {
  response.flushHeaders();
  const leave = behind.followLines((line) => {
    if (unit !== undefined && line.unit !== unit) return;
    response.write(`${JSON.stringify(line)}\n`);
    if (response.writableLength > followBytesMax) response.destroy();
  });
  followers.add(response);
  response.on("close", () => {
    leave();
    followers.delete(response);
  });
}

function reply(response: ServerResponse, status: number, content: unknown): void {
  // One answer to a connection: a door that closes has nobody to wait for.
  response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(content));
}

function refuse(response: ServerResponse, thrown: unknown): void {
  const error = asCantleError(thrown);
  if (response.headersSent) response.destroy();
  // The other side is the same user at a terminal: it may know where, and what to do.
  else reply(response, error.status, { ...toRecord(error), place: error.place, help: error.help });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
