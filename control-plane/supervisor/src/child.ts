/**
 * The instance's side of the protocol, for the program that runs a unit.
 *
 * It also keeps the promise that an instance does not outlive what it belongs to: when the channel closes and the
 * instance is attached, or was never told who it is, it drains for `orphanGraceMs` and exits. (An instance that is too
 * busy to notice is ended from outside, by the supervisor's warden.)
 *
 * A program that nobody supervises can use it all the same: then it drains on SIGTERM and Ctrl-C, and tells nobody.
 */
import process from "node:process";
import { asCantleError, type Clock, codes, explainError } from "@cantle/core";
import { noCalls, startBeat } from "./beat.ts";
import type { CallCounts } from "./load.ts";
import { type ChildMessage, type Handover, readParentMessage } from "./protocol.ts";

export { type CallCounts, latencyBucketOf, latencyBuckets } from "./load.ts";
export type { Handover } from "./protocol.ts";

/** What an instance attaches with. */
export interface AttachOptions {
  readonly clock: Clock;
  /** Takes no new work and resolves when what is in flight is done; the process exits after it. Called once. */
  readonly onDrain: () => Promise<void>;
  /** The supervisor is gone. An attached instance is about to drain; one in the background goes on. */
  readonly onOrphaned?: () => void;
  /** What it has served, for its load reports; default nothing. */
  readonly counts?: () => CallCounts;
  /** How long an orphan may drain. More than a second is never granted: the warden's patience ends there. */
  readonly orphanGraceMs?: number;
}

/** An instance's line to its supervisor. */
export interface Attachment {
  /** Who it is and what it was told; undefined when nobody supervises it. */
  readonly handover: Promise<Handover | undefined>;
  /** Says what it is loading. */
  starting(services: readonly string[]): void;
  /** Says what it serves, and where. */
  ready(facts: { readonly addresses: readonly string[]; readonly services: readonly string[] }): void;
  /** Says why it cannot run, once, and exits with the error's exit code. */
  failed(error: unknown): Promise<never>;
}

/** Speaks to the supervisor of this process, if it has one. Call it first: until then nobody can ask it to drain. */
export function attachToSupervisor(options: AttachOptions): Attachment {
  const { clock, onDrain, onOrphaned = () => {}, counts = () => noCalls, orphanGraceMs = 500 } = options;
  const handover = Promise.withResolvers<Handover | undefined>();
  const supervised = process.send !== undefined;
  let mode: Handover["mode"] = "attached";
  let beatMs = 0;
  let draining = false;
  let interrupts = 0;

  function drain(): void {
    if (draining) return;
    draining = true;
    void tell({ kind: "draining" });
    onDrain().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  }

  function orphaned(): void {
    onOrphaned();
    if (mode === "background") return;
    clock.after(orphanGraceMs, () => process.exit(1));
    drain();
  }

  process.on("SIGTERM", drain);
  process.on("SIGINT", () => {
    if (++interrupts > 1) process.exit(130);
    drain();
  });
  if (!supervised) handover.resolve(undefined);
  process.on("message", (value) => {
    const message = readParentMessage(value);
    if (message?.kind === "drain") drain();
    if (message?.kind !== "spec") return;
    const { kind: _, ...told } = message;
    mode = told.mode;
    beatMs = told.beatMs;
    handover.resolve(told);
  });
  if (supervised) {
    if (process.connected) process.once("disconnect", orphaned);
    else orphaned();
  }

  return {
    handover: handover.promise,
    starting: (services) => void tell({ kind: "starting", services }),
    ready({ addresses, services }) {
      void tell({ kind: "ready", addresses, services });
      if (supervised) void handover.promise.then(() => startBeat({ clock, beatMs, counts, tell }));
    },
    async failed(thrown) {
      const error = asCantleError(thrown);
      const text = explainError(error);
      if (supervised) await tell({ kind: "failed", code: error.code, text });
      else process.stderr.write(`${text}\n`);
      return process.exit(codes[error.code].exit);
    },
  };
}

/** Resolves when the message is out, or has nobody to go to. */
function tell(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
