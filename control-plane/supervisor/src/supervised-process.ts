/**
 * One process, from its spawn to its end; it is never started again (that is `instance.ts`).
 *
 *     starting ──ready──▶ ready ──stop()──▶ draining ──▶ ended
 *        └── failed, late, stop() ─────────────▲
 *
 * It is `draining` too when it leaves by itself (somebody else sent it a signal); then its end counts as a crash.
 * One that is taken over from an earlier supervisor is `starting` until it has found us and said how it is.
 *
 * Invariants:
 * 1. It leads a process group of its own, and when it ends, however it ended, the rest of the group is killed.
 * 2. It is entered in the ledger before it is told who it is (see `ledger.ts`).
 * 3. Its limits are on it before it is told who it is (see `confinement/groups.ts`).
 * 4. `ended` resolves once, also for a process that could not be spawned.
 * A grandchild that leaves the group (`setsid`) leaves our hands.
 */
import { asCantleError, type Clock, isCantleError, type Timer } from "@cantle/core";
import type { Confined } from "./confinement/confinement.ts";
import type { Enforcements } from "./confinement/limits.ts";
import {
  endedFailure,
  type Failure,
  lateFailure,
  memoryFailure,
  saysHeapIsFull,
  spawnFailure,
  stalledFailure,
  thrownFailure,
  toldFailure,
} from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import { digestOf } from "./plan.ts";
import { signal } from "./process-identity.ts";
import { type ChildMessage, type ParentMessage, readChildMessage } from "./protocol.ts";
import { Pulse } from "./pulse.ts";
import type { ProcessEars, ProcessEnd, RunningProcess } from "./running-process.ts";
import type { Mode, ProcessSpec } from "./spec.ts";
import { beatMsOf, stalledAfterMsDefault } from "./stall-watch.ts";
import type { ProcessRecord } from "./state-file.ts";

/** One worker after the other may take as long to start as a process, and as long to leave. */
const renewalFactor = 64;

/** What becomes of it. */
export type ProcessEvent =
  | { readonly kind: "ready" }
  /** It was ready when it was taken over. */
  | { readonly kind: "adopted" }
  /** It cannot run, and is being ended. */
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "draining" }
  | { readonly kind: "killed" }
  /** `failure` is absent when it was asked to end, `left` is true when it did so by itself. */
  | { readonly kind: "ended"; readonly failure?: Failure; readonly left: boolean };

/** What it is made with. */
export interface ProcessSetting {
  readonly clock: Clock;
  readonly mode: Mode;
  readonly generation: number;
  readonly ledger: Ledger;
  /** Where it finds the next supervisor; null where it ends with this one. */
  readonly redial: string | null;
  /** What is known of it already, when it is taken over. */
  readonly record?: ProcessRecord;
  /** What its release is to get of the calls, just now. */
  readonly share: () => number | null;
  /** Puts its limits on it, where it has some. */
  readonly confine?: (pid: number) => Confined;
  /** What it wrote last. */
  readonly lastWords: () => readonly string[];
  /** Spawns it, or takes it in hand. */
  readonly open: (ears: ProcessEars) => RunningProcess | Promise<never>;
  readonly onEvent: (event: ProcessEvent) => void;
}

/** A process and its channel. */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #setting: ProcessSetting;
  readonly #process: RunningProcess | undefined;
  readonly #pulse: Pulse;
  readonly #confined: Confined | undefined;
  readonly #ended = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  readonly startedAt: string;
  readonly #startedMs: number;
  #phase: "starting" | "ready" | "draining" | "ended" = "starting";
  #wasReady = false;
  #asked = false;
  #killed = false;
  #failure: Failure | undefined;
  #timer: Timer | undefined;
  #renewal: PromiseWithResolvers<Failure | undefined> | undefined;
  #addresses: readonly string[] = [];
  #services: readonly string[] = [];

  constructor(spec: ProcessSpec, setting: ProcessSetting) {
    this.#spec = spec;
    this.#setting = setting;
    const { clock, ledger, record } = setting;
    this.startedAt = record?.startedAt ?? new Date(clock.wallMs()).toISOString();
    this.#startedMs = clock.nowMs();
    this.#pulse = new Pulse(spec, clock, () => this.#stalled());
    this.#process = this.#open();
    if (this.pid !== undefined) this.#confined = setting.confine?.(this.pid);
    if (record !== undefined) this.#await(record);
    if (record !== undefined || this.#process === undefined) return;
    ledger.enter({ ...this.#process.identity, ...this.#facts() });
    this.#expectReady();
    // Nothing is told before the constructor is done: whoever listens does not know the process yet.
    queueMicrotask(() => void this.#introduce());
  }

  /** It will say how it is as soon as it has found us; one that never does has stalled. */
  #await({ addresses, services }: ProcessRecord): void {
    this.#addresses = addresses;
    this.#services = services;
    this.#wasReady = addresses.length > 0;
    this.#pulse.heard(null, false);
    this.#pulse.watch();
  }

  get pid(): number | undefined {
    return this.#process?.identity.pid;
  }

  get generation(): number {
    return this.#setting.generation;
  }

  /** True for one that an earlier supervisor spawned. */
  get wasAdopted(): boolean {
    return this.#setting.record !== undefined;
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

  /** How far its limits hold. */
  get enforcements(): Enforcements | undefined {
    return this.#confined?.enforcements;
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

  /** Tells it what its release is to get of the calls. One that is not told who it is yet will learn it then. */
  tellShare(): void {
    this.#tell({ kind: "share", share: this.#setting.share() });
  }

  /** Has it put new workers in its own place. Answers with why that did not work, or nothing. */
  async renew(spec: ProcessSpec): Promise<Failure | undefined> {
    const { unit, instance, handover, readyTimeoutMs, drainTimeoutMs } = spec;
    const renewal = Promise.withResolvers<Failure | undefined>();
    this.#renewal = renewal;
    const { clock, ledger, generation } = this.#setting;
    const lateMs = renewalFactor * (readyTimeoutMs + drainTimeoutMs);
    const timer = clock.after(lateMs, () => renewal.resolve(lateFailure(spec)));
    try {
      this.#tell({ kind: "renew", data: (await handover?.({ unit, instance, generation })) ?? null });
      const failure = await renewal.promise;
      if (failure === undefined && this.#process !== undefined)
        ledger.note(this.#process.identity, { digest: digestOf(spec) });
      return failure;
    } catch (error) {
      return thrownFailure(asCantleError(error));
    } finally {
      timer.cancel();
      this.#renewal = undefined;
    }
  }

  /** Ends it and its group at once. */
  kill(): void {
    this.#asked = true;
    if (this.#phase === "ended") return;
    this.#phase = "draining";
    this.#kill();
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
    const { unit, instance, handover, release = null, stalledAfterMs = stalledAfterMsDefault } = this.#spec;
    const { generation, mode, redial, share } = this.#setting;
    try {
      const data = (await handover?.({ unit, instance, generation })) ?? null;
      const beatMs = beatMsOf(stalledAfterMs);
      const who = { unit, instance, generation, mode, release, share: share() };
      this.#tell({ kind: "spec", ...who, beatMs, redial, data });
    } catch (error) {
      this.#fail(thrownFailure(asCantleError(error)));
    }
  }

  #hear(value: unknown): void {
    const message = readChildMessage(value);
    if (message?.kind === "load") this.#pulse.heard(message.load, message.debugged);
    if (message?.kind === "draining" && this.#phase === "ready") this.#drain();
    if (message?.kind === "here") this.#found(message);
    if (message?.kind === "renewed") this.#renewal?.resolve(undefined);
    if (message?.kind === "not-renewed") this.#renewal?.resolve(toldFailure(message.code, message.text));
    if (message?.kind === "ready" && this.#phase === "ready") this.#moved(message);
    if (this.#phase !== "starting") return;
    if (message?.kind === "starting") this.#services = message.services;
    if (message?.kind === "ready") this.#becomeReady(message);
    if (message?.kind === "failed") this.#fail(toldFailure(message.code, message.text));
  }

  /** An adopted process is there, for the first time or on another line. */
  #found({ phase, addresses, services }: ChildMessage & { readonly kind: "here" }): void {
    this.#pulse.heard(null, false);
    this.tellShare();
    if (this.#asked) this.#tell({ kind: "drain" });
    else if (phase === "draining" && this.#phase !== "draining") this.#drain();
    else if (this.#phase === "starting" && phase === "ready") this.#becomeReady({ addresses, services }, "adopted");
    else if (this.#phase === "starting") {
      this.#services = services;
      this.#pulse.stop();
      this.#expectReady();
    }
  }

  /** It serves elsewhere too, or no longer there. */
  #moved({ addresses, services }: Pick<ProcessRecord, "addresses" | "services">): void {
    this.#addresses = addresses;
    this.#services = services;
    if (this.#process !== undefined) this.#setting.ledger.note(this.#process.identity, { addresses, services });
  }

  #expectReady(): void {
    this.#timer = this.#setting.clock.after(this.#spec.readyTimeoutMs, () => this.#fail(lateFailure(this.#spec)));
  }

  #becomeReady(
    { addresses, services }: Pick<ProcessRecord, "addresses" | "services">,
    kind: "ready" | "adopted" = "ready",
  ): void {
    this.#addresses = addresses;
    this.#services = services;
    this.#phase = "ready";
    this.#wasReady = true;
    this.#timer?.cancel();
    this.#pulse.watch();
    if (this.#process !== undefined) this.#setting.ledger.note(this.#process.identity, { addresses, services });
    this.#setting.onEvent({ kind });
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
      this.#kill();
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
    if (this.#phase !== "ready" && this.#phase !== "starting") return;
    this.#failure = stalledFailure(this.#spec, this.#spec.stalledAfterMs ?? stalledAfterMsDefault);
    this.#kill();
  }

  async #exited(end: ProcessEnd): Promise<void> {
    if (this.#phase === "ended") return;
    // Whatever it left in its group goes with it (invariant 1), and so lets go of its output.
    this.#signal("SIGKILL", "group");
    this.#phase = "ended";
    this.#timer?.cancel();
    this.#pulse.stop();
    const asked = this.#asked;
    await this.#process?.lastLines();
    const failure = this.#failure ?? (asked ? undefined : this.#unasked(end));
    this.#confined?.release();
    this.#end(failure);
  }

  /** Why it ended, as nobody had asked it to. */
  #unasked({ exit, signal }: ProcessEnd): Failure {
    if (signal !== "SIGABRT" && this.#confined?.ranOutOfMemory()) return memoryFailure(this.#spec, "killed");
    const isUnknown = exit === null && signal === null;
    if ((signal === "SIGABRT" || isUnknown) && saysHeapIsFull(this.#setting.lastWords()))
      return memoryFailure(this.#spec, "heap");
    return endedFailure(this.#spec, { exit, signal, wasReady: this.#wasReady });
  }

  #end(failure: Failure | undefined): void {
    this.#phase = "ended";
    this.#failure = failure;
    this.#timer?.cancel();
    if (this.#process !== undefined) this.#setting.ledger.strike(this.#process.identity);
    const left = this.#asked && this.#wasReady && !this.#killed;
    this.#renewal?.resolve(failure);
    this.#setting.onEvent({ kind: "ended", left, ...(failure && { failure }) });
    this.#settled.resolve();
    this.#ended.resolve();
  }

  #tell(message: ParentMessage): void {
    this.#process?.tell(message);
  }

  #kill(): void {
    this.#killed = true;
    this.#signal("SIGKILL", "group");
  }

  #signal(name: NodeJS.Signals, group?: "group"): void {
    if (this.pid !== undefined) signal(this.pid, name, group);
  }

  #facts() {
    const { unit, instance, drainTimeoutMs } = this.#spec;
    const { startedAt, generation } = this;
    const digest = digestOf(this.#spec);
    const served = { addresses: this.#addresses, services: this.#services };
    return { unit, instance, drainTimeoutMs, startedAt, generation, digest, ...served };
  }
}
