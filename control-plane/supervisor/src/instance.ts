/**
 * One instance: a process that is kept running, by the restart policy, until it is told to stop. It usually has one
 * process; two while a new one takes the place of the old one.
 *
 * Only the current process feeds the policy: one that is being tried out and one that was replaced are nobody's crash.
 */
import type { Clock, Random, Timer } from "@cantle/core";
import type { Failure } from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import type { Outputs } from "./output.ts";
import {
  type BackOff,
  isCrashLoop,
  type RestartAction,
  type RestartEvent,
  type RestartState,
  restartPolicy,
} from "./restart-policy.ts";
import { spawnProcess } from "./spawned-process.ts";
import type {
  InstanceError,
  InstanceLoad,
  InstanceRow,
  InstanceState,
  Mode,
  ProcessSpec,
  SupervisorEvent,
} from "./spec.ts";
import { type ProcessEvent, SupervisedProcess } from "./supervised-process.ts";

/** What all instances of a supervisor share. */
export interface InstanceSetting {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mode: Mode;
  readonly backOff: BackOff;
  readonly ledger: Ledger;
  readonly outputs: Outputs;
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** How an instance is restarted. */
export interface Replacement {
  readonly spec: ProcessSpec;
  /** Start the new process before the old one stops. */
  readonly overlap: boolean;
}

/** A supervised instance. */
export class Instance {
  readonly #setting: InstanceSetting;
  readonly #processes = new Set<SupervisedProcess>();
  #spec: ProcessSpec;
  #policy: RestartState = { kind: "stopped" };
  #current: SupervisedProcess | undefined;
  #timer: Timer | undefined;
  #generation = 0;
  #stopRequests = 0;
  #blocked = false;
  #lastError: InstanceError | null = null;
  /** What the process that ended last ran, or was to run. */
  #servicesBefore: readonly string[] = [];
  #settled = Promise.withResolvers<void>();

  constructor(spec: ProcessSpec, setting: InstanceSetting) {
    this.#spec = spec;
    this.#setting = setting;
  }

  get spec(): ProcessSpec {
    return this.#spec;
  }

  get isReady(): boolean {
    return this.#policy.kind === "ready";
  }

  /** Resolves when what was started last is ready, said why not, crashes in a loop, or was stopped. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  row(): InstanceRow {
    const { unit, instance } = this.#spec;
    const process = this.#current ?? [...this.#processes].at(-1);
    return {
      unit,
      instance,
      pid: process?.pid ?? null,
      state: this.#state(process),
      addresses: process?.addresses ?? [],
      services: process?.services ?? this.#servicesBefore,
      restarts: Math.max(0, this.#generation - 1),
      startedAt: process?.startedAt ?? null,
      lastError: this.#lastError,
      load: process?.pulse.rates ?? null,
    };
  }

  /** What each of its processes reported last. */
  loads(): readonly InstanceLoad[] {
    const { unit, instance } = this.#spec;
    return [...this.#processes].flatMap(({ generation, pulse: { load } }) =>
      load === undefined ? [] : [{ unit, instance, generation, ...load }],
    );
  }

  /** Shown as waiting for another unit, until it is started or stopped. */
  block(): void {
    this.#blocked = true;
  }

  start(): void {
    this.#blocked = false;
    this.#settled = Promise.withResolvers<void>();
    this.#feed({ kind: "start" });
  }

  /** Drains every process it has; resolves when the last one ended. */
  async stop(): Promise<void> {
    this.#stopRequests++;
    await this.#rest();
    this.#emit({ kind: "stopped" });
  }

  /** Ends every process it has, at once. */
  kill(): void {
    this.#stopRequests++;
    for (const process of this.#processes) process.kill();
    void this.#rest();
  }

  /** Puts a new process in place of the running one. Answers with why that did not work, or nothing. */
  async replace({ spec, overlap }: Replacement): Promise<Failure | undefined> {
    if (overlap && this.#current?.phase === "ready") return this.#tryOut(spec);
    this.#spec = spec;
    const stopRequests = this.#stopRequests;
    await this.#rest();
    if (this.#stopRequests !== stopRequests) return undefined;
    this.start();
    await this.settled;
    return this.isReady || this.#lastError === null ? undefined : { error: this.#lastError, mendable: true };
  }

  async #tryOut(spec: ProcessSpec): Promise<Failure | undefined> {
    const next = this.#spawn(spec);
    await next.settled;
    if (this.#policy.kind === "stopped") return undefined;
    if (next.phase !== "ready") {
      await next.stop();
      const failure = next.failure;
      if (failure === undefined) return undefined;
      this.#lastError = failure.error;
      this.#emit({ kind: "replacement-failed", error: failure.error });
      return failure;
    }
    const old = this.#current;
    this.#spec = spec;
    this.#timer?.cancel();
    this.#current = next;
    this.#feed({ kind: "ready" });
    await old?.stop();
    return undefined;
  }

  /** Nothing of it starts any more; resolves when its last process has ended. */
  async #rest(): Promise<void> {
    this.#blocked = false;
    this.#timer?.cancel();
    this.#feed({ kind: "stop" });
    const settled = this.#settled;
    await Promise.all([...this.#processes].map((process) => process.stop()));
    settled.resolve();
  }

  #feed(event: RestartEvent): RestartAction {
    const { clock, random, backOff } = this.#setting;
    const { state, action } = restartPolicy(this.#policy, event, { nowMs: clock.nowMs(), random, backOff });
    this.#policy = state;
    if (action.kind === "spawn") {
      this.#timer?.cancel();
      this.#current = this.#spawn(this.#spec);
    }
    if (action.kind === "wait") this.#timer = clock.after(action.delayMs, () => this.#feed({ kind: "due" }));
    return action;
  }

  #spawn(spec: ProcessSpec): SupervisedProcess {
    this.#generation++;
    const { clock, env, mode, ledger, outputs } = this.#setting;
    const process: SupervisedProcess = new SupervisedProcess(spec, {
      clock,
      mode,
      ledger,
      generation: this.#generation,
      open: (ears) => spawnProcess(spec, { clock, env, output: outputs.open(spec) }, ears),
      onEvent: (event) => this.#hear(process, event),
    });
    this.#processes.add(process);
    if (process.pid !== undefined) this.#emit({ kind: "spawned", pid: process.pid });
    return process;
  }

  #hear(process: SupervisedProcess, event: ProcessEvent): void {
    const isCurrent = process === this.#current;
    switch (event.kind) {
      case "ready":
        if (isCurrent) this.#feed({ kind: "ready" });
        this.#emit({ kind: "ready", addresses: process.addresses, services: process.services, afterMs: process.ageMs });
        if (isCurrent) this.#settled.resolve();
        return;
      case "failed":
        // Told at once; the process is still being ended, and the restart waits for that.
        this.#lastError = event.failure.error;
        if (isCurrent) this.#settled.resolve();
        return;
      case "draining":
      case "killed":
        this.#emit({ kind: event.kind });
        return;
      case "ended":
        this.#processes.delete(process);
        this.#servicesBefore = process.services;
        if (isCurrent) this.#ended(event.failure);
        return;
    }
  }

  #ended(failure: Failure | undefined): void {
    this.#current = undefined;
    if (this.#policy.kind === "stopped") return;
    if (failure !== undefined) this.#lastError = failure.error;
    const action = this.#feed({ kind: "ended", mendable: failure?.mendable ?? true });
    const crashLoop = isCrashLoop(this.#policy, this.#setting.backOff);
    if (failure !== undefined) {
      const retryInMs = action.kind === "wait" ? action.delayMs : null;
      this.#emit({ kind: "failed", error: failure.error, retryInMs, crashLoop });
    }
    if (crashLoop || this.#policy.kind === "failed") this.#settled.resolve();
  }

  #state(process: SupervisedProcess | undefined): InstanceState {
    if (this.#blocked) return "blocked";
    if (process?.phase === "draining") return "draining";
    return isCrashLoop(this.#policy, this.#setting.backOff) ? "crash-loop" : this.#policy.kind;
  }

  #emit(event: WithoutName<SupervisorEvent>): void {
    const { unit, instance } = this.#spec;
    this.#setting.onEvent({ unit, instance, ...event });
  }
}

/** An event before it is told whose it is; distributes over the union. */
type WithoutName<Event> = Event extends unknown ? Omit<Event, "unit" | "instance"> : never;
