/**
 * The instance's side of the protocol, for the program that runs a unit.
 *
 * It also keeps the promise that an instance does not outlive what it belongs to: when the channel closes and the
 * instance is attached, or was never told who it is, it drains for `orphanGraceMs` and exits. (An instance that is too
 * busy to notice is ended from outside, by the supervisor's warden.) One in the background goes on, and looks for the next
 * supervisor (`redial.ts`).
 *
 * A program that nobody supervises can use it all the same: then it drains on SIGTERM and Ctrl-C, and tells nobody.
 */
import process from "node:process";
import { asCantleError, type Clock, type Code, codes, explainError, type Random } from "@cantle/core";
import { noCalls, startBeat } from "./beat.ts";
import type { CallCounts, LoadReport } from "./load.ts";
import { type ChildMessage, type Handover, readParentMessage } from "./protocol.ts";
import type { Redialled } from "./redial.ts";

export { type CallCounts, type LoadReport, latencyBucketOf, latencyBuckets } from "./load.ts";
export { type ChildMessage, type Handover, type ParentMessage, readChildMessage } from "./protocol.ts";
export { Pulse } from "./pulse.ts";

/** What an instance attaches with. */
export interface AttachOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Takes no new work and resolves when what is in flight is done; the process exits after it. Called once. `lingerMs`: for how
   * long who is connected may be served, as another process has the port; 0 where there is none.
   */
  readonly onDrain: (lingerMs: number) => Promise<void>;
  /** The supervisor is gone. An attached instance is about to drain; one in the background goes on. */
  readonly onOrphaned?: () => void;
  /** Puts new workers in place of those that serve; only asked where the spec is `renewable`. */
  readonly onRenew?: (data: unknown) => Promise<void>;
  /** What it has served, for its load reports, and what its processes used where it has several; default nothing. */
  readonly counts?: () => CallCounts & Partial<LoadReport>;
  /** Its release is to get another share of the calls; what it began with is in the handover. */
  readonly onShare?: (share: number | null) => void;
  /** How long an orphan may drain. More than a second is never granted: the warden's patience ends there. */
  readonly orphanGraceMs?: number;
}

/** What an instance serves, and where. */
export interface ReadyFacts {
  readonly addresses: readonly string[];
  readonly services: readonly string[];
}

/** An instance's line to its supervisor. */
export interface Attachment {
  /** Who it is and what it was told; undefined when nobody supervises it. */
  readonly handover: Promise<Handover | undefined>;
  /** Says what it is loading. */
  starting(services: readonly string[]): void;
  /** Says what it serves, and where; again when that has changed. */
  ready(facts: ReadyFacts): void;
  /** Says why it cannot run, once, and exits with the error's exit code. */
  failed(error: unknown): Promise<never>;
  /** The same with what another process of it has said already. */
  failedAs(code: Code, text: string): Promise<never>;
}

/** Speaks to the supervisor of this process, if it has one. Call it first: until then nobody can ask it to drain. */
export function attachToSupervisor(options: AttachOptions): Attachment {
  return new Attached(options);
}

class Attached implements Attachment {
  readonly #options: AttachOptions;
  readonly #handover = Promise.withResolvers<Handover | undefined>();
  readonly #isSupervised = process.send !== undefined;
  #told: Handover | undefined;
  #phase: (ChildMessage & { readonly kind: "here" })["phase"] = "starting";
  #facts: ReadyFacts = { addresses: [], services: [] };
  #interrupts = 0;
  #beats = false;
  /** The way to a later supervisor, once the channel to the first is closed. */
  #line: Redialled | undefined;

  constructor(options: AttachOptions) {
    this.#options = options;
    // What nobody can take, as the disk of the log is full, is lost; the instance does not end for it.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    process.on("SIGTERM", () => this.#drain());
    process.on("SIGINT", () => {
      if (++this.#interrupts > 1) process.exit(130);
      this.#drain();
    });
    process.on("message", (message) => this.#hear(message));
    if (!this.#isSupervised) this.#handover.resolve(undefined);
    else if (process.connected) process.once("disconnect", () => this.#orphaned());
    else this.#orphaned();
  }

  get handover(): Promise<Handover | undefined> {
    return this.#handover.promise;
  }

  starting(services: readonly string[]): void {
    this.#facts = { ...this.#facts, services };
    void this.#tell({ kind: "starting", services });
  }

  ready({ addresses, services }: ReadyFacts): void {
    this.#facts = { addresses, services };
    if (this.#phase === "starting") this.#phase = "ready";
    void this.#tell({ kind: "ready", addresses, services });
    if (this.#beats) return;
    this.#beats = true;
    const { clock, counts = () => noCalls } = this.#options;
    const tell = (message: ChildMessage) => this.#tell(message);
    void this.handover.then((told) => told && startBeat({ clock, beatMs: told.beatMs, counts, tell }));
  }

  failed(thrown: unknown): Promise<never> {
    const error = asCantleError(thrown);
    return this.failedAs(error.code, explainError(error));
  }

  async failedAs(code: Code, text: string): Promise<never> {
    // Where nobody hears it, it is at least in the log.
    if (this.#isSupervised && process.connected) await this.#tell({ kind: "failed", code, text });
    else process.stderr.write(`${text}\n`);
    return process.exit(codes[code].exit);
  }

  #hear(value: unknown): void {
    const message = readParentMessage(value);
    if (message?.kind === "drain") this.#drain(message.lingerMs);
    if (message?.kind === "share") this.#options.onShare?.(message.share);
    if (message?.kind === "renew") void this.#renew(message.data);
    if (message?.kind !== "spec") return;
    const { kind: _, ...told } = message;
    this.#told = told;
    this.#handover.resolve(told);
  }

  async #renew(data: unknown): Promise<void> {
    try {
      await this.#options.onRenew?.(data);
      await this.#tell({ kind: "renewed" });
    } catch (thrown) {
      const error = asCantleError(thrown);
      await this.#tell({ kind: "not-renewed", code: error.code, text: explainError(error) });
    }
  }

  #drain(lingerMs = 0): void {
    if (this.#phase === "draining") return;
    this.#phase = "draining";
    void this.#tell({ kind: "draining" });
    this.#options.onDrain(lingerMs).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  }

  #orphaned(): void {
    const { clock, onOrphaned = () => {}, orphanGraceMs = 500 } = this.#options;
    onOrphaned();
    if (this.#told?.redial != null) return void this.#redial(this.#told, this.#told.redial);
    clock.after(orphanGraceMs, () => process.exit(1));
    this.#drain();
  }

  async #redial({ unit, instance, generation }: Handover, path: string): Promise<void> {
    const { clock, random } = this.#options;
    const here = () => ({ unit, instance, generation, phase: this.#phase, ...this.#facts });
    const { redial } = await import("./redial.ts");
    this.#line = redial({ path, clock, random, here, hear: (message) => this.#hear(message) });
  }

  /** Resolves when the message is out, or has nobody to go to. */
  #tell(message: ChildMessage): Promise<void> {
    if (this.#line !== undefined) return this.#line.tell(message);
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else process.send(message, undefined, undefined, () => resolve());
    });
  }
}
