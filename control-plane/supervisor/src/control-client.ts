/** The other side of the control door: what `cantle ps`, `logs`, `restart`, `scale`, `rollout` and `stop` speak through. */
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import { CantleError, fromRecord } from "@cantle/core";
import type { DoorState } from "./control-door.ts";
import { folderOf, socketPath } from "./folder.ts";
import type { RolloutRequest } from "./rollout/request.ts";
import type { RolloutRow } from "./rollout/rollouts.ts";
import type { ScalingRow } from "./scaling/scaling.ts";
import type { InstanceRow, LogLine } from "./spec.ts";

// An import of names makes Node evaluate all of the module's, its own HTTP client among them: 20 ms at every start.
const { request } = process.getBuiltinModule("node:http");

/** A running supervisor, seen from another program. */
export interface SupervisorClient {
  state(): Promise<DoorState>;
  restart(unit: string, options?: { readonly overlap?: boolean }): Promise<readonly InstanceRow[]>;
  /** How each unit is scaled. */
  scaling(): Promise<readonly ScalingRow[]>;
  /** Fixes how many instances a unit has, or lets its load decide again. */
  scale(unit: string, to: number | "auto"): Promise<ScalingRow>;
  /** The rollouts under way, and the last of each other unit. */
  rollouts(): Promise<readonly RolloutRow[]>;
  /** Starts one; resolves when it is under way. */
  startRollout(unit: string, request?: RolloutRequest): Promise<RolloutRow>;
  /** Skips the waiting of one, or goes back to the old release. */
  steerRollout(unit: string, to: "promote" | "abort"): Promise<RolloutRow>;
  /** Resolves when all instances have ended. */
  stop(): Promise<void>;
  /** The last lines, of a unit or of all; with `follow` also those to come, until the loop is left or the supervisor ends. */
  logs(options?: { readonly unit?: string; readonly follow?: boolean }): AsyncIterable<LogLine>;
}

/** Finds the supervisor of a system's folder. Throws `NOT_RUNNING` when there is none. */
export async function connectSupervisor(system: string): Promise<SupervisorClient> {
  const { socket } = folderOf(system);
  const ask = async <Content>(method: string, target: string) =>
    (await json(await send(socket, method, target))) as Content;
  await ask("GET", "/state");
  return {
    state: () => ask<DoorState>("GET", "/state"),
    async restart(unit, { overlap = false } = {}) {
      const query = new URLSearchParams({ unit, ...(overlap && { overlap: "" }) });
      return (await ask<{ instances: readonly InstanceRow[] }>("POST", `/restart?${query}`)).instances;
    },
    scaling: async () => (await ask<{ units: readonly ScalingRow[] }>("GET", "/scaling")).units,
    async scale(unit, to) {
      const query = new URLSearchParams({ unit, to: String(to) });
      return (await ask<{ unit: ScalingRow }>("POST", `/scaling?${query}`)).unit;
    },
    rollouts: async () => (await ask<{ rollouts: readonly RolloutRow[] }>("GET", "/rollouts")).rollouts,
    async startRollout(unit, request = {}) {
      const query = new URLSearchParams({ unit, request: JSON.stringify(request) });
      return (await ask<{ rollout: RolloutRow }>("POST", `/rollouts?${query}`)).rollout;
    },
    async steerRollout(unit, to) {
      const query = new URLSearchParams({ unit });
      return (await ask<{ rollout: RolloutRow }>("POST", `/rollouts/${to}?${query}`)).rollout;
    },
    async stop() {
      await ask("POST", "/stop");
    },
    async *logs({ unit, follow = false } = {}) {
      const query = new URLSearchParams({ ...(unit !== undefined && { unit }), ...(follow && { follow: "" }) });
      const response = await send(socket, "GET", `/logs?${query}`);
      try {
        for await (const line of createInterface({ input: response })) yield JSON.parse(line) as LogLine;
      } catch (error) {
        // The supervisor was killed: there are no more lines, which is what the loop is told anyway.
        if (!response.errored) throw error;
      } finally {
        response.destroy();
      }
    },
  };
}

/** One question; resolves with the answer's body still to be read. Throws what the supervisor refused with. */
async function send(path: string, method: string, target: string): Promise<IncomingMessage> {
  const response = await dial(path, method, target);
  if (response.statusCode === 200) return response;
  throw refusalOf(await json(response).catch(() => undefined));
}

/** The error with what the door tells besides. */
function refusalOf(told: unknown): CantleError {
  const error = fromRecord(told);
  const { place, help } = Object(told) as { readonly place?: unknown; readonly help?: unknown };
  return new CantleError(error.code, error.message, {
    status: error.status,
    ...(typeof place === "string" && { place }),
    ...(typeof help === "string" && { help }),
  });
}

function dial(path: string, method: string, target: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) => reject(unanswered(path, cause));
    try {
      const reached = socketPath(path);
      request({ socketPath: reached.path, method, path: target, agent: false })
        .on("response", resolve)
        .on("error", refuse)
        .on("close", () => reached.close())
        .end();
    } catch (error) {
      refuse(error as NodeJS.ErrnoException);
    }
  });
}

function unanswered(path: string, cause: NodeJS.ErrnoException): CantleError {
  if (cause.code === "ENOENT" || cause.code === "ECONNREFUSED") {
    return new CantleError("NOT_RUNNING", "the system does not run from this folder", {
      place: path,
      help: "start it with `cantle start` or `cantle dev`",
    });
  }
  return new CantleError("UNREACHABLE", "the supervisor did not answer", { place: path, cause });
}
