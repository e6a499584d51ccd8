/**
 * The supervisor: many instances on one host, started, watched, restarted and drained.
 *
 * Invariants:
 * 1. One instance's failure concerns nobody but those that wait for it to be ready.
 * 2. Stopping wins: what starts, waits or is being replaced when `stop` is called, stops.
 * 3. Changes take turns; a stop does not wait for its turn.
 * 4. What an earlier supervisor left is adopted or ended by the first start, and never runs beside another of its instance.
 *
 * It does not know what its processes do, and it routes nothing: callers find instances in the registry.
 */
import { CantleError, type Running } from "@cantle/core";
import { type AdoptionPlan, planAdoption } from "./adoption.ts";
import { Instance, type InstanceSetting } from "./instance.ts";
import { endLeftover } from "./leftovers.ts";
import type { Outputs } from "./output.ts";
import { checkSpecs, sameProcess, stopOrder } from "./plan.ts";
import { isAlive } from "./process-identity.ts";
import type { InstanceLoad, InstanceRow, LogLine, LogSink, ProcessSpec, SupervisorEvent } from "./spec.ts";
import type { ProcessRecord } from "./state-file.ts";

/** A running supervisor; `openSupervisor` makes one. */
export class Supervisor implements Running {
  readonly #setting: InstanceSetting;
  readonly #outputs: Outputs;
  readonly #opened: Running;
  /** What an earlier supervisor wrote down, until the first start. */
  #left: readonly ProcessRecord[];
  readonly #instances = new Map<string, Instance>();
  /** Those that wait for a unit to be ready. */
  readonly #blocked = new Set<Instance>();
  readonly #stopped = Promise.withResolvers<void>();
  /** Two restarts of one unit at once would each stop what the other started (invariant 3). */
  #turn: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(setting: InstanceSetting, opened: Running, left: readonly ProcessRecord[]) {
    this.#setting = { ...setting, onEvent: (event) => this.#hear(event, setting.onEvent) };
    this.#outputs = setting.outputs;
    this.#opened = opened;
    this.#left = left;
  }

  /** Resolves when it has stopped, whoever asked for it. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /**
   * Starts instances; resolves when each is ready or has definitively failed. Those that can be mended go on trying.
   * A stop that comes meanwhile settles them too, as stopped.
   */
  async start(specs: readonly ProcessSpec[]): Promise<readonly InstanceRow[]> {
    if (this.#instances.size > 0)
      throw new CantleError("ALREADY_RUNNING", "instances run already; replace them instead");
    return this.#become(specs);
  }

  /**
   * Makes these the instances that run: only what is new or changed is started, only what is gone or changed stopped.
   * Throws NOT_RUNNING when a stop came meanwhile: what its caller wanted does not run.
   */
  async replace(specs: readonly ProcessSpec[]): Promise<readonly InstanceRow[]> {
    const rows = await this.#become(specs);
    this.#refuseWhenStopping();
    return rows;
  }

  async #become(specs: readonly ProcessSpec[]): Promise<readonly InstanceRow[]> {
    checkSpecs(specs);
    return this.#inTurn(async () => {
      const wanted = new Map(specs.map((spec) => [spec.instance, spec]));
      const gone = this.#specs().filter((spec) => !wanted.has(spec.instance));
      await this.#stopAll(gone);
      this.#refuseWhenStopping();
      for (const spec of gone) this.#instances.delete(spec.instance);
      const changed = specs.filter((spec) => this.#isChanged(spec));
      const replaced = changed.map((spec) =>
        this.#instances.get(spec.instance)!.replace({ spec, overlap: spec.overlap ?? several(specs, spec.unit) }),
      );
      const added = specs.filter((spec) => !this.#instances.has(spec.instance));
      const plan = this.#planAdoption(specs);
      await Promise.all([...replaced, ...this.#launch(added, plan), this.#endAll(plan.ended)]);
      await this.#renew(plan);
      return this.list();
    });
  }

  /**
   * Restarts the instances of a unit, one after the other. With `overlap` (default: as their spec says) a new process is
   * ready before the old one drains, and when it does not get ready the old one goes on. Throws why it failed.
   */
  async restart(unit: string, { overlap = false } = {}): Promise<readonly InstanceRow[]> {
    this.#needUnit(unit);
    return this.#inTurn(async () => {
      const instances = [...this.#instances.values()].filter(({ spec }) => spec.unit === unit);
      for (const instance of instances) {
        this.#refuseWhenStopping();
        this.#blocked.delete(instance);
        const { spec } = instance;
        const failure = await instance.replace({ spec, overlap: overlap || this.#overlaps(spec) });
        if (failure === undefined) continue;
        const { code, text } = failure.error;
        const goesOn = instance.isReady ? "; the one before it goes on" : "";
        throw new CantleError(code, `the new '${instance.spec.instance}' did not become ready${goesOn}`, {
          notes: text,
        });
      }
      return this.list().filter((row) => row.unit === unit);
    });
  }

  /** One row for each instance. */
  list(): readonly InstanceRow[] {
    return [...this.#instances.values()].map((instance) => instance.row());
  }

  /** What every process reported of its load last; of those that say nothing, what they said while they did. */
  loads(): readonly InstanceLoad[] {
    return [...this.#instances.values()].flatMap((instance) => instance.loads());
  }

  /** The last lines, of a unit or of all. */
  recentLines(unit?: string): readonly LogLine[] {
    if (unit !== undefined) this.#needUnit(unit);
    return this.#outputs.recent(unit);
  }

  /** Calls `sink` with each line from now on, until the returned function is called. */
  followLines(sink: LogSink): () => void {
    return this.#outputs.follow(sink);
  }

  /** Drains all instances, the highest tier first; the folder stays taken and the control door open. */
  stopInstances(): Promise<void> {
    this.#blocked.clear();
    this.#stopping ??= this.#stopEverything();
    return this.#stopping;
  }

  /** Drains all instances and lets go of the folder. */
  async stop(): Promise<void> {
    await this.stopInstances();
    await this.#close();
  }

  /** The same at once: nothing drains. */
  async kill(): Promise<void> {
    this.#blocked.clear();
    for (const instance of this.#instances.values()) instance.kill();
    this.#stopping = this.#stopEverything();
    await this.stop();
  }

  #close(): Promise<void> {
    this.#closing ??= this.#opened.stop().finally(() => this.#stopped.resolve());
    return this.#closing;
  }

  /** What nobody has started yet may have been left by an earlier supervisor all the same. */
  async #stopEverything(): Promise<void> {
    const { ended } = this.#planAdoption([]);
    await Promise.all([this.#stopAll(this.#specs()), this.#endAll(ended)]);
  }

  async #stopAll(specs: readonly ProcessSpec[]): Promise<void> {
    for (const group of stopOrder(specs)) {
      await Promise.all(group.map((name) => this.#instances.get(name)?.stop()));
    }
  }

  /** True for a spec that a started instance does not serve. One that is still blocked is forgotten instead, and so new. */
  #isChanged(spec: ProcessSpec): boolean {
    const instance = this.#instances.get(spec.instance);
    if (instance === undefined || sameProcess(instance.spec, spec)) return false;
    if (!this.#blocked.delete(instance)) return true;
    this.#instances.delete(spec.instance);
    return false;
  }

  /**
   * Starts instances, each as soon as what it depends on is ready, and takes over those that run already; answers with when
   * each is settled.
   */
  #launch(specs: readonly ProcessSpec[], { inherited }: AdoptionPlan): readonly Promise<void>[] {
    const generationOf = ({ instance }: ProcessSpec) => inherited.get(instance)?.generation;
    const instances = specs.map((spec) => new Instance(spec, this.#setting, generationOf(spec)));
    for (const instance of instances) this.#instances.set(instance.spec.instance, instance);
    for (const instance of instances) {
      const record = inherited.get(instance.spec.instance)?.record;
      if (record !== undefined) instance.adopt(record);
      else if (this.#mayStart(instance)) instance.start();
      else this.#block(instance);
    }
    this.#setting.door?.refuseOthers();
    return instances.map((instance) => this.#settled(instance));
  }

  #planAdoption(specs: readonly ProcessSpec[]): AdoptionPlan {
    const left = this.#left;
    this.#left = [];
    return planAdoption(left, specs, isAlive);
  }

  /** Puts new processes in the place of those that were spawned otherwise: what others need first, a unit's one after the other. */
  async #renew({ inherited }: AdoptionPlan): Promise<void> {
    for (const group of stopOrder(this.#specs()).toReversed()) {
      const changed = group.filter((name) => inherited.get(name)?.isChanged && this.#instances.get(name)?.isAdopted);
      const units = Map.groupBy(changed, (name) => this.#instances.get(name)?.spec.unit);
      await Promise.all([...units.values()].map((names) => this.#replaceEach(names)));
    }
  }

  async #replaceEach(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const instance = this.#instances.get(name);
      this.#refuseWhenStopping();
      if (instance !== undefined)
        await instance.replace({ spec: instance.spec, overlap: this.#overlaps(instance.spec) });
    }
  }

  async #endAll(records: readonly ProcessRecord[]): Promise<void> {
    const { clock, ledger, onEvent } = this.#setting;
    const end = async (record: ProcessRecord) => {
      await endLeftover(record, clock);
      ledger.strike(record);
      const { unit, instance, pid } = record;
      onEvent({ kind: "leftover-stopped", unit, instance, pid });
    };
    await Promise.all(records.map(end));
  }

  #overlaps(spec: ProcessSpec): boolean {
    return spec.overlap ?? several(this.#specs(), spec.unit);
  }

  #block(instance: Instance): void {
    this.#blocked.add(instance);
    instance.block();
  }

  /** A blocked instance counts as settled once nothing it waits for is still on its way. */
  async #settled(instance: Instance): Promise<void> {
    if (this.#blocked.has(instance)) {
      await Promise.all(this.#neededBy(instance).map((needed) => this.#settled(needed)));
      if (this.#blocked.has(instance)) return;
    }
    await instance.settled;
  }

  #hear(event: SupervisorEvent, tell: (event: SupervisorEvent) => void): void {
    tell(event);
    if (event.kind !== "ready" && event.kind !== "adopted") return;
    for (const instance of this.#blocked) {
      if (!this.#mayStart(instance)) continue;
      this.#blocked.delete(instance);
      instance.start();
    }
  }

  #mayStart(instance: Instance): boolean {
    const ready = new Set([...this.#instances.values()].filter((other) => other.isReady).map(({ spec }) => spec.unit));
    return (instance.spec.dependsOnReady ?? []).every((unit) => ready.has(unit));
  }

  #neededBy(instance: Instance): readonly Instance[] {
    const units = instance.spec.dependsOnReady ?? [];
    return [...this.#instances.values()].filter(({ spec }) => units.includes(spec.unit));
  }

  #specs(): readonly ProcessSpec[] {
    return [...this.#instances.values()].map(({ spec }) => spec);
  }

  #needUnit(unit: string): void {
    const units = new Set(this.#specs().map((spec) => spec.unit));
    if (units.has(unit)) return;
    throw new CantleError(
      "NOT_RUNNING",
      `no unit '${unit}' runs here; there ${units.size === 1 ? "is" : "are"} ${[...units].join(", ") || "none"}`,
    );
  }

  #refuseWhenStopping(): void {
    if (this.#stopping !== undefined) throw new CantleError("NOT_RUNNING", "the system is stopping");
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      this.#refuseWhenStopping();
      return change();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

function several(specs: readonly ProcessSpec[], unit: string): boolean {
  return specs.filter((spec) => spec.unit === unit).length > 1;
}
