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
import { type ChildProcess, spawn } from "node:child_process";
import { asCantleError, CantleError, type Clock, type Timer } from "@cantle/core";
import { endedFailure, type Failure, lateFailure, spawnFailure, thrownFailure, toldFailure } from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import type { Output } from "./output.ts";
import { identify, type ProcessIdentity, signal } from "./process-identity.ts";
import { type ParentMessage, readChildMessage } from "./protocol.ts";
import type { Mode, ProcessSpec } from "./spec.ts";

/** How long the last lines of an ended process are waited for, when something else still holds its output open. */
const lastLinesMs = 250;

/** What becomes of it. */
export type ProcessEvent =
  | { readonly kind: "ready" }
  /** It cannot run, and is being ended. */
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "draining" }
  | { readonly kind: "killed" }
  /** `failure` is absent when it was asked to end. */
  | { readonly kind: "ended"; readonly failure?: Failure };

/** What it is spawned with. */
export interface ProcessSetting {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mode: Mode;
  readonly generation: number;
  readonly ledger: Ledger;
  readonly output: Output;
  readonly onEvent: (event: ProcessEvent) => void;
}

/** A process and its channel. */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #setting: ProcessSetting;
  readonly #child: ChildProcess | undefined;
  readonly #identity: ProcessIdentity | undefined;
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
    this.#child = this.#spawn();
    if (this.#child?.pid === undefined) return;
    this.#identity = identify(this.#child.pid);
    if (this.#identity !== undefined) setting.ledger.enter({ ...this.#identity, ...this.#facts() });
    this.#timer = setting.clock.after(spec.readyTimeoutMs, () => this.#fail(lateFailure(spec)));
    // Nothing is told before the constructor is done: whoever listens does not know the process yet.
    queueMicrotask(() => void this.#introduce());
  }

  get pid(): number | undefined {
    return this.#child?.pid;
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

  #spawn(): ChildProcess | undefined {
    const { command, args, cwd } = this.#spec;
    const { env, output } = this.#setting;
    try {
      const stdio = output.kind === "file" ? output.descriptor : "pipe";
      const child = spawn(command, [...args], {
        cwd,
        env: { ...env, ...this.#spec.env },
        detached: true,
        stdio: ["ignore", stdio, stdio, "ipc"],
      });
      child.on("message", (message) => this.#hear(message));
      child.on("exit", (exit, name) => void this.#exited(exit, name));
      child.on("error", (error) => {
        // Also emitted when a signal or a message did not arrive; then the end of the process tells the rest.
        if (child.pid === undefined) this.#end(spawnFailure(this.#spec, error));
      });
      if (output.kind === "pipe") {
        child.stdout?.on("data", (bytes) => output.stdout.write(bytes));
        child.stderr?.on("data", (bytes) => output.stderr.write(bytes));
      }
      return child;
    } catch (error) {
      // Some failures are thrown, some emitted; both are told after the constructor.
      queueMicrotask(() => this.#end(spawnFailure(this.#spec, error)));
      return undefined;
    }
  }

  async #introduce(): Promise<void> {
    const { unit, instance, handover } = this.#spec;
    const { generation, mode } = this.#setting;
    try {
      // What cannot be found again is told nothing (invariant 2).
      if (this.#identity === undefined) throw new CantleError("INTERNAL", "the start of the process cannot be read");
      const data = (await handover?.({ unit, instance, generation })) ?? null;
      this.#tell({ kind: "spec", unit, instance, generation, mode, data });
    } catch (error) {
      this.#fail(thrownFailure(asCantleError(error)));
    }
  }

  #hear(value: unknown): void {
    const message = readChildMessage(value);
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
    if (this.#identity !== undefined) this.#setting.ledger.note(this.#identity, this.#facts());
    this.#setting.onEvent({ kind: "ready" });
    this.#settled.resolve();
  }

  #drain(): void {
    this.#phase = "draining";
    this.#settled.resolve();
    this.#timer?.cancel();
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

  async #exited(exit: number | null, name: string | null): Promise<void> {
    // Whatever it left in its group goes with it (invariant 1), and so lets go of its output.
    this.#signal("SIGKILL", "group");
    this.#phase = "ended";
    this.#timer?.cancel();
    const asked = this.#asked;
    await this.#lastLines();
    this.#end(asked ? this.#failure : endedFailure(this.#spec, { exit, signal: name, wasReady: this.#wasReady }));
  }

  async #lastLines(): Promise<void> {
    const { output, clock } = this.#setting;
    const streams = [this.#child?.stdout, this.#child?.stderr].filter((stream) => stream != null);
    if (streams.some((stream) => !stream.readableEnded)) {
      const closed = Promise.withResolvers<void>();
      this.#child?.once("close", () => closed.resolve());
      const timer = clock.after(lastLinesMs, () => closed.resolve());
      await closed.promise;
      timer.cancel();
    }
    for (const stream of streams) stream.destroy();
    if (output.kind !== "pipe") return;
    output.stdout.end();
    output.stderr.end();
  }

  #end(failure: Failure | undefined): void {
    this.#phase = "ended";
    this.#failure = failure;
    this.#timer?.cancel();
    if (this.#identity !== undefined) this.#setting.ledger.strike(this.#identity);
    this.#setting.onEvent(failure === undefined ? { kind: "ended" } : { kind: "ended", failure });
    this.#settled.resolve();
    this.#ended.resolve();
  }

  #tell(message: ParentMessage): void {
    // A channel that is closed by now says nothing the end of the process does not.
    if (this.#child?.connected === true) this.#child.send(message, () => {});
  }

  #signal(name: NodeJS.Signals, group?: "group"): void {
    const pid = this.#child?.pid;
    if (pid !== undefined) signal(pid, name, group);
  }

  #facts() {
    const { unit, instance, drainTimeoutMs } = this.#spec;
    const { startedAt } = this;
    return { unit, instance, drainTimeoutMs, startedAt, addresses: this.#addresses, services: this.#services };
  }
}
