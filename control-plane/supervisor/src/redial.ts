/**
 * How an instance in the background finds a supervisor again: when the one that spawned it is gone, it dials the door of the
 * system's folder (`instance-door.ts`) until another one opens it, and says who it is. It goes on serving meanwhile.
 *
 * Pauses grow to a second and are jittered, so that a supervisor that comes back is known to all within about a second and
 * is not met by all at once. Nothing is kept for later: what a new supervisor needs to know, `here` says.
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import type { Clock, Random } from "@cantle/core";
import { socketPath } from "./folder.ts";
import { readLines, writeLine } from "./line.ts";
import { identify } from "./process-identity.ts";
import type { ChildMessage } from "./protocol.ts";

const firstPauseMs = 50;
const pauseMsMax = 1_000;

/** What dialling needs. */
export interface RedialSetting {
  /** The socket of the door. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Who and how it is, at the moment it is asked. */
  readonly here: () => Omit<ChildMessage & { readonly kind: "here" }, "kind" | "identity">;
  readonly hear: (message: unknown) => void;
}

/** A line that is dialled again whenever it breaks, for as long as the process lives. */
export interface Redialled {
  tell(message: ChildMessage): Promise<void>;
}

/** Begins to dial. */
export function redial({ path, clock, random, here, hear }: RedialSetting): Redialled {
  const identity = identify(process.pid);
  let line: Socket | undefined;
  let failures = 0;

  function dial(): void {
    const reached = socketPath(path);
    const socket = connect(reached.path);
    // The listeners of its services keep the process alive, or nothing should.
    socket.unref();
    socket.on("error", () => {});
    socket.on("connect", () => {
      failures = 0;
      line = socket;
      if (identity !== undefined) void writeLine(socket, { kind: "here", identity, ...here() });
    });
    readLines(socket, hear);
    socket.on("close", () => {
      reached.close();
      line = undefined;
      pause();
    });
  }

  function pause(): void {
    const boundMs = Math.min(pauseMsMax, firstPauseMs * 2 ** failures++);
    clock.after(boundMs * (0.5 + random.next() / 2), attempt);
  }

  /** The folder itself may be gone; then there is nothing to dial, yet. */
  function attempt(): void {
    try {
      dial();
    } catch {
      pause();
    }
  }

  attempt();
  return {
    tell: (message) => (line === undefined ? Promise.resolve() : writeLine(line, message)),
  };
}
