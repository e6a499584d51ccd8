/**
 * One instance: a process that is kept running, by the restart policy, until it is told to stop. It usually has one
 * process; two while a new one takes the place of the old one.
 *
 * Only the current process feeds the policy: one that is being tried out and one that was replaced are nobody's crash.
 */
import type { Clock, Random, Timer } from "@cantle/core";
import { adoptProcess } from "./adopted-process.ts";
import type { Confinement } from "./confinement/confinement.ts";
import type { Enforcements } from "./confinement/limits.ts";
import type { Failure } from "./failure.ts";
import type { InstanceDoor } from "./instance-door.ts";
import type { Ledger } from "./ledger.ts";
import type { Outputs } from "./output.ts";
import { sameProcess } from "./plan.ts";
import {
  type BackOff,
  isCrashLoop,
  type RestartAction,
  type RestartEvent,
  type RestartState,
  restartPolicy,
} from "./restart-policy.ts";
import type { ProcessEars } from "./running-process.ts";
import { spawnProcess } from "./spawned-process.ts";
import type {
  InstanceError,
  InstanceEvent,
  InstanceLoad,
  InstanceRow,
  InstanceState,
  Mode,
  ProcessSpec,
} from "./spec.ts";
import type { ProcessRecord } from "./state-file.ts";
import { type ProcessEvent, type ProcessSetting, SupervisedProcess } from "./supervised-process.ts";

/** What all instances of a supervisor share. */
export interface InstanceSetting {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly mode: Mode;
  readonly backOff: BackOff;
  readonly ledger: Ledger;
  readonly outputs: Outputs;
  readonly confinement: Confinement;
  /** Where the instances of an earlier supervisor come; absent where instances end with theirs. */
  readonly door?: InstanceDoor;
  /** The path of that door, for instances that will have to look for it. */
  readonly redial: string | null;
  readonly onEvent: (event: InstanceEvent) => void;
}

/** How an instance is restarted. */
export interface Replacement {
  readonly spec: ProcessSpec;
  /** Start the new process before the old one stops. */
  readonly overlap: boolean;
  /** Let a process that can put new workers in its own place do so, where nothing but its sources changed. */
  readonly renew?: boolean;
}

/** A supervised instance. */
export class Instance {
  readonly #setting: InstanceSetting;
  readonly #processes = new Set<SupervisedProcess>();
  #spec: ProcessSpec;
  #policy: RestartState = { kind: "stopped" };
  #current: SupervisedProcess | undefined;
  #timer: Timer | undefined;
  #generation: number;
  #starts = 0;
  #stopRequests = 0;
  #blocked = false;
  #share: number | null = null;
  #lastError: InstanceError | null = null;
  /** What the process that ended last ran, or was to run. */
  #servicesBefore: readonly string[] = [];
  #settled = Promise.withResolvers<void>();

  /** `generation` is the last that was given out. */
  constructor(spec: ProcessSpec, setting: InstanceSetting, generation = 0) {
    this.#spec = spec;
    this.#setting = setting;
    this.#generation = generation;
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
      restarts: Math.max(0, this.#starts - 1),
      startedAt: process?.startedAt ?? null,
      lastError: this.#lastError,
      load: process?.pulse.rates ?? null,
      limits: process?.enforcements ?? null,
    };
  }

  /** What each of its processes reported last. */
  loads(): readonly InstanceLoad[] {
    const { unit, instance } = this.#spec;
    return [...this.#processes].flatMap(({ generation, pulse: { load } }) =>
      load === undefined ? [] : [{ unit, instance, generation, ...load }],
    );
  }

  /** Gives its release a share of the calls; null where there is no other release. */
  share(share: number | null): void {
    if (share === this.#share) return;
    this.#share = share;
    for (const process of this.#processes) process.tellShare();
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

  /** Takes over the process that an earlier supervisor spawned; what becomes of it is what becomes of any other. */
  adopt(record: ProcessRecord): void {
    const { clock, door, outputs } = this.#setting;
    if (door === undefined) return;
    this.#settled = Promise.withResolvers<void>();
    this.#feed({ kind: "adopt" });
    // It writes into its file; from here on we read along.
    outputs.open(this.#spec);
    const open = (ears: ProcessEars) => adoptProcess(record, { clock, door }, ears);
    this.#current = this.#hold(this.#spec, { open, record, generation: record.generation });
  }

  /** True while its process is still the one that was taken over. */
  get isAdopted(): boolean {
    return this.#starts === 1 && this.#current?.wasAdopted === true;
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
  async replace({ spec, overlap, renew = false }: Replacement): Promise<Failure | undefined> {
    if (renew && this.#mayRenew(spec)) return this.#renew(spec);
    if (overlap && this.#current?.phase === "ready") return this.#tryOut(spec);
    this.#spec = spec;
    const stopRequests = this.#stopRequests;
    await this.#rest();
    if (this.#stopRequests !== stopRequests) return undefined;
    this.start();
    await this.settled;
    return this.isReady || this.#lastError === null ? undefined : { error: this.#lastError, mendable: true };
  }

  #mayRenew(spec: ProcessSpec): boolean {
    const sameButSources = sameProcess(withoutSources(this.#spec), withoutSources(spec));
    return spec.renewable === true && sameButSources && this.#current?.phase === "ready";
  }

  async #renew(spec: ProcessSpec): Promise<Failure | undefined> {
    const failure = await this.#current?.renew(spec);
    if (failure === undefined) {
      this.#spec = spec;
      this.#starts++;
      return undefined;
    }
    this.#lastError = failure.error;
    this.#emit({ kind: "replacement-failed", error: failure.error });
    return failure;
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
    const generation = ++this.#generation;
    const { clock, env, outputs } = this.#setting;
    const open = (ears: ProcessEars) => spawnProcess(spec, { clock, env, output: outputs.open(spec) }, ears);
    const process = this.#hold(spec, { open, generation });
    if (process.pid !== undefined) this.#emit({ kind: "spawned", pid: process.pid });
    return process;
  }

  #hold(spec: ProcessSpec, origin: Pick<ProcessSetting, "open" | "record" | "generation">): SupervisedProcess {
    this.#starts++;
    const { clock, mode, ledger, redial, outputs, confinement } = this.#setting;
    const { instance, limits } = spec;
    const name = `${instance}.${origin.generation}`;
    const process: SupervisedProcess = new SupervisedProcess(spec, {
      ...{ clock, mode, ledger, redial },
      ...origin,
      ...(limits && {
        confine: (pid) => confinement.confine(name, limits, { pid, isAdopted: origin.record !== undefined }),
      }),
      share: () => this.#share,
      lastWords: () => outputs.lastOf(instance),
      onEvent: (event) => this.#hear(process, event),
    });
    this.#processes.add(process);
    this.#tellUnenforced(process.enforcements ?? {});
    return process;
  }

  #tellUnenforced(enforcements: Enforcements): void {
    for (const { resource, why } of this.#setting.confinement.news()) {
      this.#emit({ kind: "unenforced", resource, enforcement: enforcements[resource] ?? "not enforced", why });
    }
  }

  #hear(process: SupervisedProcess, event: ProcessEvent): void {
    const isCurrent = process === this.#current;
    switch (event.kind) {
      case "ready":
        if (isCurrent) this.#feed({ kind: "ready" });
        this.#emit({ kind: "ready", addresses: process.addresses, services: process.services, afterMs: process.ageMs });
        if (isCurrent) this.#settled.resolve();
        return;
      case "adopted": {
        const { pid, addresses, services } = process;
        if (isCurrent) this.#feed({ kind: "ready" });
        if (pid !== undefined) this.#emit({ kind: "adopted", pid, addresses, services });
        if (isCurrent) this.#settled.resolve();
        return;
      }
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
        this.#emit({ kind: "ended", generation: process.generation, left: event.left });
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

  #emit(event: WithoutName<InstanceEvent>): void {
    const { unit, instance } = this.#spec;
    this.#setting.onEvent({ unit, instance, ...event });
  }
}

function withoutSources({ revision: _, ...spec }: ProcessSpec): ProcessSpec {
  return spec;
}

/** An event before it is told whose it is; distributes over the union. */
type WithoutName<Event> = Event extends unknown ? Omit<Event, "unit" | "instance"> : never;
