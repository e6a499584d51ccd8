/**
 * One process, from its spawn to its end; it is never started again (that is `instance.ts`).
 *
 *     starting ──ready──▶ ready ──stop()──▶ draining ──▶ ended
 *        └── failed, late, stop() ─────────────▲
 *
 * It is `draining` too when it leaves by itself (somebody else sent it a signal); then its end counts as a crash.
 *
 * Invariants:
 * 1. It leads a process group of its own, and when it ends, however it ended, the rest of the group is killed.
 * 2. It is entered in the ledger before it is told who it is (see `ledger.ts`).
 * 3. `ended` resolves once, also for a process that could not be spawned.
 * A grandchild that leaves the group (`setsid`) leaves our hands.
 */
import { asCantleError, type Clock, isCantleError, type Timer } from "@cantle/core";
import {
  endedFailure,
  type Failure,
  lateFailure,
  spawnFailure,
  stalledFailure,
  thrownFailure,
  toldFailure,
} from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import { signal } from "./process-identity.ts";
import { type ParentMessage, readChildMessage } from "./protocol.ts";
import { Pulse } from "./pulse.ts";
import type { ProcessEars, ProcessEnd, RunningProcess } from "./running-process.ts";
import type { Mode, ProcessSpec } from "./spec.ts";
import { beatMsOf, stalledAfterMsDefault } from "./stall-watch.ts";

/** What becomes of it. */
export type ProcessEvent =
  | { readonly kind: "ready" }
  /** It cannot run, and is being ended. */
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "draining" }
  | { readonly kind: "killed" }
  /** `failure` is absent when it was asked to end. */
  | { readonly kind: "ended"; readonly failure?: Failure };

/** What it is made with. */
export interface ProcessSetting {
  readonly clock: Clock;
  readonly mode: Mode;
  readonly generation: number;
  readonly ledger: Ledger;
  /** Spawns it. */
  readonly open: (ears: ProcessEars) => RunningProcess | Promise<never>;
  readonly onEvent: (event: ProcessEvent) => void;
}

/** A process and its channel. */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #setting: ProcessSetting;
  readonly #process: RunningProcess | undefined;
  readonly #pulse: Pulse;
  readonly #ended = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  readonly startedAt: string;
  readonly #startedMs: number;
  #phase: "starting" | "ready" | "draining" | "ended" = "starting";
  #wasReady = false;
  #asked = false;
  #failure: Failure | undefined;
  #timer: Timer | undefined;
  #addresses: readonly string[] = [];
  #services: readonly string[] = [];

  constructor(spec: ProcessSpec, setting: ProcessSetting) {
    this.#spec = spec;
    this.#setting = setting;
    this.#startedMs = setting.clock.nowMs();
    this.startedAt = new Date(setting.clock.wallMs()).toISOString();
    this.#pulse = new Pulse(spec, setting.clock, () => this.#stalled());
    this.#process = this.#open();
    if (this.#process === undefined) return;
    setting.ledger.enter({ ...this.#process.identity, ...this.#facts() });
    this.#timer = setting.clock.after(spec.readyTimeoutMs, () => this.#fail(lateFailure(spec)));
    // Nothing is told before the constructor is done: whoever listens does not know the process yet.
    queueMicrotask(() => void this.#introduce());
  }

  get pid(): number | undefined {
    return this.#process?.identity.pid;
  }

  get generation(): number {
    return this.#setting.generation;
  }

  get phase(): "starting" | "ready" | "draining" | "ended" {
    return this.#phase;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  get services(): readonly string[] {
    return this.#services;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** What it said of its load. */
  get pulse(): Pick<Pulse, "load" | "rates"> {
    return this.#pulse;
  }

  /** Ms between its spawn and now. */
  get ageMs(): number {
    return this.#setting.clock.nowMs() - this.#startedMs;
  }

  /** Resolves when it is ready, or never will be. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Drains it, kills it when that takes too long, and resolves when it has ended. */
  stop(): Promise<void> {
    this.#asked = true;
    if (this.#phase === "starting" || this.#phase === "ready") {
      this.#drain();
      this.#tell({ kind: "drain" });
      this.#signal("SIGTERM");
    }
    return this.#ended.promise;
  }

  /** Ends it and its group at once. */
  kill(): void {
    this.#asked = true;
    if (this.#phase === "ended") return;
    this.#phase = "draining";
    this.#signal("SIGKILL", "group");
  }

  #open(): RunningProcess | undefined {
    const cannot = (error: unknown) =>
      this.#end(isCantleError(error) ? thrownFailure(error) : spawnFailure(this.#spec, error));
    const ears: ProcessEars = {
      hear: (message) => this.#hear(message),
      ended: (end) => void this.#exited(end),
    };
    try {
      const opened = this.#setting.open(ears);
      if (!(opened instanceof Promise)) return opened;
      opened.catch(cannot);
    } catch (error) {
      // Some failures are thrown, some emitted; both are told after the constructor.
      queueMicrotask(() => cannot(error));
    }
    return undefined;
  }

  async #introduce(): Promise<void> {
    const { unit, instance, handover, stalledAfterMs = stalledAfterMsDefault } = this.#spec;
    const { generation, mode } = this.#setting;
    try {
      const data = (await handover?.({ unit, instance, generation })) ?? null;
      this.#tell({ kind: "spec", unit, instance, generation, mode, beatMs: beatMsOf(stalledAfterMs), data });
    } catch (error) {
      this.#fail(thrownFailure(asCantleError(error)));
    }
  }

  #hear(value: unknown): void {
    const message = readChildMessage(value);
    if (message?.kind === "load") this.#pulse.heard(message.load, message.debugged);
    if (message?.kind === "draining" && this.#phase === "ready") this.#drain();
    if (this.#phase !== "starting") return;
    if (message?.kind === "starting") this.#services = message.services;
    if (message?.kind === "ready") this.#becomeReady(message);
    if (message?.kind === "failed") this.#fail(toldFailure(message.code, message.text));
  }

  #becomeReady({ addresses, services }: { addresses: readonly string[]; services: readonly string[] }): void {
    this.#addresses = addresses;
    this.#services = services;
    this.#phase = "ready";
    this.#wasReady = true;
    this.#timer?.cancel();
    this.#pulse.watch();
    if (this.#process !== undefined) this.#setting.ledger.note(this.#process.identity, this.#facts());
    this.#setting.onEvent({ kind: "ready" });
    this.#settled.resolve();
  }

  #drain(): void {
    this.#phase = "draining";
    this.#settled.resolve();
    this.#timer?.cancel();
    this.#pulse.stop();
    if (this.#failure === undefined) this.#setting.onEvent({ kind: "draining" });
    this.#timer = this.#setting.clock.after(this.#spec.drainTimeoutMs, () => {
      this.#setting.onEvent({ kind: "killed" });
      this.#signal("SIGKILL", "group");
    });
  }

  #fail(failure: Failure): void {
    if (this.#phase !== "starting") return;
    this.#failure = failure;
    this.#setting.onEvent({ kind: "failed", failure });
    void this.stop();
  }

  /** It cannot drain: it hears nothing, and a process that is stopped obeys no other signal. */
  #stalled(): void {
    if (this.#phase !== "ready") return;
    this.#failure = stalledFailure(this.#spec, this.#spec.stalledAfterMs ?? stalledAfterMsDefault);
    this.#signal("SIGKILL", "group");
  }

  async #exited({ exit, signal }: ProcessEnd): Promise<void> {
    if (this.#phase === "ended") return;
    // Whatever it left in its group goes with it (invariant 1), and so lets go of its output.
    this.#signal("SIGKILL", "group");
    this.#phase = "ended";
    this.#timer?.cancel();
    this.#pulse.stop();
    const unasked = this.#asked ? undefined : endedFailure(this.#spec, { exit, signal, wasReady: this.#wasReady });
    const failure = this.#failure ?? unasked;
    await this.#process?.lastLines();
    this.#end(failure);
  }

  #end(failure: Failure | undefined): void {
    this.#phase = "ended";
    this.#failure = failure;
    this.#timer?.cancel();
    if (this.#process !== undefined) this.#setting.ledger.strike(this.#process.identity);
    this.#setting.onEvent(failure === undefined ? { kind: "ended" } : { kind: "ended", failure });
    this.#settled.resolve();
    this.#ended.resolve();
  }

  #tell(message: ParentMessage): void {
    this.#process?.tell(message);
  }

  #signal(name: NodeJS.Signals, group?: "group"): void {
    if (this.pid !== undefined) signal(this.pid, name, group);
  }

  #facts() {
    const { unit, instance, drainTimeoutMs } = this.#spec;
    const { startedAt } = this;
    return { unit, instance, drainTimeoutMs, startedAt, addresses: this.#addresses, services: this.#services };
  }
}
