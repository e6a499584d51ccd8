/**
 * The instances that a supervisor has, by name: which run, which wait for others to be ready, which are leaving.
 *
 * 1. An instance starts when each unit that it depends on has a ready one; whoever becomes ready sets others off.
 * 2. One that leaves drains for good: it is not counted any more, and not waited for by other changes.
 *
 * It makes no changes of its own and knows no turns; the supervisor does.
 */
import { CantleError } from "@cantle/core";
import type { AdoptionPlan } from "./adoption.ts";
import { Instance, type InstanceSetting } from "./instance.ts";
import { sameProcess, several, stopOrder } from "./plan.ts";
import type { InstanceEvent, InstanceLoad, InstanceRow, ProcessSpec } from "./spec.ts";

/** How instances are launched, besides their specs. */
export interface Launch {
  /** Instances that run already, and are taken over. */
  readonly inherited?: AdoptionPlan["inherited"];
  /** The share of their unit's calls that they get; null for what balancing gives them. */
  readonly share?: number | null;
}

/** All instances of a supervisor. */
export class Roster {
  readonly #setting: InstanceSetting;
  readonly #instances = new Map<string, Instance>();
  /** Those that wait for a unit to be ready. */
  readonly #blocked = new Set<Instance>();
  /** Those that drain for good, until they have. */
  readonly #leaving = new Map<Instance, Promise<void>>();
  #isStopping = false;

  constructor(setting: InstanceSetting) {
    this.#setting = setting;
  }

  get size(): number {
    return this.#instances.size;
  }

  get names(): IterableIterator<string> {
    return this.#instances.keys();
  }

  find(name: string): Instance | undefined {
    return this.#instances.get(name);
  }

  specs(): readonly ProcessSpec[] {
    return [...this.#instances.values()].map(({ spec }) => spec);
  }

  rows(): readonly InstanceRow[] {
    return [...this.#instances.values()].map((instance) => instance.row());
  }

  loads(): readonly InstanceLoad[] {
    return [...this.#instances.values()].flatMap((instance) => instance.loads());
  }

  /** The instances of a unit that are to stay, the oldest first. */
  copies(unit: string): readonly Instance[] {
    return [...this.#instances.values()].filter((each) => each.spec.unit === unit && !this.#leaving.has(each));
  }

  /** Throws `NOT_RUNNING` for a unit of which there is no instance. */
  needUnit(unit: string): void {
    const units = new Set(this.specs().map((spec) => spec.unit));
    if (units.has(unit)) return;
    throw new CantleError(
      "NOT_RUNNING",
      `no unit '${unit}' runs here; there ${units.size === 1 ? "is" : "are"} ${[...units].join(", ") || "none"}`,
    );
  }

  /** Whether a new process of it is ready before the old one drains. */
  overlaps(spec: ProcessSpec): boolean {
    return spec.overlap ?? several(this.specs(), spec.unit);
  }

  /** True for a spec that a started instance does not serve. One that is still blocked is forgotten instead, and so new. */
  isChanged(spec: ProcessSpec): boolean {
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
  launch(
    specs: readonly ProcessSpec[],
    { inherited = new Map(), share = null }: Launch = {},
  ): readonly Promise<void>[] {
    const generationOf = ({ instance }: ProcessSpec) => inherited.get(instance)?.generation;
    const instances = specs.map((spec) => new Instance(spec, this.#setting, generationOf(spec)));
    for (const instance of instances) this.#instances.set(instance.spec.instance, instance);
    for (const instance of instances) {
      instance.share(share);
      const record = inherited.get(instance.spec.instance)?.record;
      if (record !== undefined) instance.adopt(record);
      else if (this.#mayStart(instance)) instance.start();
      else this.#block(instance);
    }
    this.#setting.door?.refuseOthers();
    return instances.map((instance) => this.#settled(instance));
  }

  /** Sets off those that waited for what has become ready. */
  hear(event: InstanceEvent): void {
    if (event.kind !== "ready" && event.kind !== "adopted") return;
    for (const instance of this.#blocked) {
      if (!this.#mayStart(instance)) continue;
      this.#blocked.delete(instance);
      instance.start();
    }
  }

  /** Drains an instance for good. */
  leave(instance: Instance): Promise<void> {
    const { instance: name } = instance.spec;
    this.#blocked.delete(instance);
    const left = instance.stop().then(() => {
      this.#leaving.delete(instance);
      if (this.#instances.get(name) === instance && !this.#isStopping) this.#instances.delete(name);
    });
    this.#leaving.set(instance, left);
    return left;
  }

  /** Resolves when all that are leaving have left. */
  async left(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }

  /** From now on nothing starts that waits, and what leaves stays in the list. */
  stopStarting(): void {
    this.#isStopping = true;
    this.#blocked.clear();
  }

  /** It is about to be started anew; what it waited for does not matter any more. */
  unblock(instance: Instance): void {
    this.#blocked.delete(instance);
  }

  /** Drains instances, the highest tier first. */
  async stop(specs: readonly ProcessSpec[]): Promise<void> {
    for (const group of stopOrder(specs)) await Promise.all(group.map((name) => this.#instances.get(name)?.stop()));
  }

  /** Those that have stopped and are not wanted any more. */
  forget(specs: readonly ProcessSpec[]): void {
    for (const { instance } of specs) this.#instances.delete(instance);
  }

  /** Ends all at once: nothing drains. */
  kill(): void {
    for (const instance of this.#instances.values()) instance.kill();
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

  #mayStart(instance: Instance): boolean {
    const ready = new Set([...this.#instances.values()].filter((other) => other.isReady).map(({ spec }) => spec.unit));
    return (instance.spec.dependsOnReady ?? []).every((unit) => ready.has(unit));
  }

  #neededBy(instance: Instance): readonly Instance[] {
    const units = instance.spec.dependsOnReady ?? [];
    return [...this.#instances.values()].filter(({ spec }) => units.includes(spec.unit));
  }
}
