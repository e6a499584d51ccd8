/**
 * Where instances that an earlier supervisor started find this one: a Unix socket in the run folder that only its owner can
 * reach. An instance says first who it is; from then on the line is what the channel was.
 *
 * Whom to expect is known once the specs are; until then whoever comes waits. From `refuseOthers` on, who is expected by
 * nobody is told to drain: it is not in the records, or was given up, and another may run in its place.
 *
 * Who speaks is not proved: whoever can open the socket is the same user, and could signal every process here anyway.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Running } from "@cantle/core";
import { socketPath } from "./folder.ts";
import { readLines, writeLine } from "./line.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { type ParentMessage, readChildMessage } from "./protocol.ts";

/** The most lines at once: twice what may run. */
const linesMax = 1024;

/** A line that one process has or may come to have. */
export interface Expected {
  /** Says something, if it is there. */
  tell(message: ParentMessage): void;
  /** True while it is there. */
  readonly isOpen: boolean;
  /** Nobody listens to it any more. */
  forget(): void;
}

/** The door for instances. */
export interface InstanceDoor extends Running {
  /** Hands everything that this process says to `hear`, `here` first, over as many lines as it opens one after the other. */
  expect(identity: ProcessIdentity, hear: (message: unknown) => void): Expected;
  refuseOthers(): void;
}

/** One process that is expected, or that came and waits. */
interface Visit {
  socket: Socket | undefined;
  /** What it said before anybody listened. */
  readonly said: unknown[];
  hear: ((message: unknown) => void) | undefined;
}

/** Opens it. A socket that is there already is a dead supervisor's: whoever opens holds the folder's lock. */
export async function openInstanceDoor(path: string): Promise<InstanceDoor> {
  const visits = new Map<string, Visit>();
  const sockets = new Set<Socket>();
  let refusing = false;

  function visitOf(key: string): Visit {
    const visit = visits.get(key) ?? { socket: undefined, said: [], hear: undefined };
    visits.set(key, visit);
    return visit;
  }

  function enter(socket: Socket): void {
    let visit: Visit | undefined;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      if (visit?.socket === socket) visit.socket = undefined;
    });
    readLines(socket, (message) => {
      if (visit === undefined) {
        const here = readChildMessage(message);
        if (here?.kind !== "here") return void socket.destroy();
        const key = keyOf(here.identity);
        if (refusing && !visits.has(key)) return refuse(socket);
        visit = visitOf(key);
        visit.socket = socket;
      }
      if (visit.hear === undefined) visit.said.push(message);
      else visit.hear(message);
    });
  }

  const server = await listen(path, enter);
  return {
    expect(identity, hear) {
      const key = keyOf(identity);
      const visit = visitOf(key);
      visit.hear = hear;
      // Whoever expects it has it in hand only when this call is over.
      queueMicrotask(() => {
        for (const message of visit.said.splice(0)) hear(message);
      });
      return {
        tell: (message) => void (visit.socket && writeLine(visit.socket, message)),
        get isOpen() {
          return visit.socket !== undefined;
        },
        forget: () => void (visits.get(key) === visit && visits.delete(key)),
      };
    },
    refuseOthers() {
      refusing = true;
      for (const [key, { socket, hear }] of visits) {
        if (hear !== undefined) continue;
        visits.delete(key);
        if (socket !== undefined) refuse(socket);
      }
    },
    async stop() {
      const closed = new Promise((resolve) => void server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function refuse(socket: Socket): void {
  socket.end(`${JSON.stringify({ kind: "drain" } satisfies ParentMessage)}\n`);
}

function keyOf({ pid, start, boot }: ProcessIdentity): string {
  return `${pid} ${start} ${boot}`;
}

async function listen(path: string, enter: (socket: Socket) => void): Promise<Server> {
  const server = createServer(enter);
  server.maxConnections = linesMax;
  rmSync(path, { force: true });
  const bound = socketPath(path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(bound.path, resolve);
    });
    chmodSync(path, 0o600);
  } finally {
    bound.close();
  }
  return server;
}
