/**
 * The supervisor: many instances on one host, started, watched, restarted and drained.
 *
 * Invariants:
 * 1. One instance's failure concerns nobody but those that wait for it to be ready.
 * 2. Stopping wins: what starts, waits or is being replaced when `stop` is called, stops.
 * 3. Changes take turns; a stop does not wait for its turn.
 * 4. What an earlier supervisor left is adopted or ended by the first start, and never runs beside another of its instance.
 * 5. An instance that is to leave is drained, not waited for: no other change waits for its last call.
 *
 * It does not know what its processes do, and it routes nothing: callers find instances in the registry.
 */
import { CantleError, type Running } from "@cantle/core";
import { type AdoptionPlan, planAdoption } from "./adoption.ts";
import { copyOf, freeNames, inheritNames } from "./copies.ts";
import type { InstanceSetting } from "./instance.ts";
import { endLeftover } from "./leftovers.ts";
import type { Outputs } from "./output.ts";
import { checkSpecs, several, stopOrder } from "./plan.ts";
import { isAlive } from "./process-identity.ts";
import type { RecordFile } from "./record-file.ts";
import { type RolloutRecord, Rollouts, type RolloutsHost, unfinished } from "./rollout/rollouts.ts";
import { Roster } from "./roster.ts";
import type { ScalingPolicy } from "./scaling/policy.ts";
import { type ScaledHost, Scaling, type ScalingRecord, type Waiting } from "./scaling/scaling.ts";
import type {
  InstanceEvent,
  InstanceLoad,
  InstanceRow,
  LogLine,
  LogSink,
  ProcessSpec,
  SupervisorEvent,
} from "./spec.ts";
import type { ProcessRecord } from "./state-file.ts";

/** What it is made with. */
export interface SupervisorSetting extends Omit<InstanceSetting, "onEvent"> {
  readonly onEvent: (event: SupervisorEvent) => void;
  /** What is let go of at the end. */
  readonly opened: Running;
  /** What an earlier supervisor left. */
  readonly left: readonly ProcessRecord[];
  /** Unit → how it is scaled. */
  readonly scaling: Readonly<Record<string, ScalingPolicy>>;
  /** How many messages wait for a unit. */
  readonly waiting: Waiting;
  /** The same spec, made anew from what is on the disk. */
  readonly renew: (spec: ProcessSpec) => ProcessSpec;
  /** What the next supervisor is to know. */
  readonly records: {
    readonly scaling: RecordFile<ScalingRecord>;
    readonly rollouts: RecordFile<RolloutRecord>;
  };
}

/** A running supervisor; `openSupervisor` makes one. */
export class Supervisor implements Running {
  readonly #setting: InstanceSetting;
  readonly #roster: Roster;
  readonly #outputs: Outputs;
  readonly #opened: Running;
  /** What an earlier supervisor wrote down, until the first start. */
  #left: readonly ProcessRecord[];
  readonly #stopped = Promise.withResolvers<void>();
  readonly #records: SupervisorSetting["records"];
  readonly #renewed: (spec: ProcessSpec) => ProcessSpec;
  /** Units whose instances go on as they are, though they would be started otherwise: a rollout of them was broken off. */
  #kept: ReadonlySet<string> = new Set();
  /** How many instances units have. */
  readonly scaling: Scaling;
  /** New releases in place of old ones. */
  readonly rollouts: Rollouts;
  /** Two restarts of one unit at once would each stop what the other started (invariant 3). */
  #turn: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ opened, left, scaling: policies, waiting, renew, records, ...setting }: SupervisorSetting) {
    const { clock, outputs, onEvent } = setting;
    this.#setting = { ...setting, onEvent: (event) => this.#hear(event, onEvent) };
    this.#roster = new Roster(this.#setting);
    this.#outputs = outputs;
    this.#opened = opened;
    this.#left = left;
    this.#renewed = renew;
    this.#records = records;
    this.rollouts = new Rollouts(this.#rolloutsHost(), {
      clock,
      file: records.rollouts,
      onNews: (unit, text) => onEvent({ kind: "rollout", unit, text }),
    });
    this.scaling = new Scaling(this.#scaledHost(), {
      clock,
      policies,
      file: records.scaling,
      waiting,
      onChange: (unit, change) => onEvent({ kind: "scaled", unit, ...change }),
    });
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
    if (this.#roster.size > 0) throw new CantleError("ALREADY_RUNNING", "instances run already; replace them instead");
    const rows = await this.#become(specs);
    if (this.#stopping === undefined) this.scaling.start();
    return rows;
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

  async #become(asked: readonly ProcessSpec[]): Promise<readonly InstanceRow[]> {
    checkSpecs(asked);
    return this.#inTurn(async () => {
      for (const { unit } of asked) this.rollouts.refuse(unit);
      await this.#roster.left();
      const specs = this.#inherit(asked);
      await this.#stopOthers(specs);
      const changed = specs.filter((spec) => this.#roster.isChanged(spec));
      const replaced = changed.map((spec) => this.#replaceOne(spec, spec.overlap ?? several(specs, spec.unit)));
      const added = specs.filter((spec) => this.#roster.find(spec.instance) === undefined);
      const plan = this.#planAdoption(specs);
      await Promise.all([...replaced, ...this.#roster.launch(added, plan), this.#endAll(plan.ended)]);
      await this.#renew(plan);
      return this.list();
    });
  }

  /** Stops those of which there is no spec any more. */
  async #stopOthers(specs: readonly ProcessSpec[]): Promise<void> {
    const wanted = new Set(specs.map((spec) => spec.instance));
    const gone = this.#roster.specs().filter((spec) => !wanted.has(spec.instance));
    await this.#roster.stop(gone);
    this.#refuseWhenStopping();
    this.#roster.forget(gone);
  }

  /**
   * Restarts the instances of a unit, one after the other. With `overlap` (default: as their spec says) a new process is
   * ready before the old one drains, and when it does not get ready the old one goes on. Throws why it failed.
   */
  async restart(unit: string, { overlap = false } = {}): Promise<readonly InstanceRow[]> {
    this.#roster.needUnit(unit);
    return this.#inTurn(async () => {
      this.rollouts.refuse(unit);
      for (const instance of this.#roster.copies(unit)) {
        this.#refuseWhenStopping();
        this.#roster.unblock(instance);
        const spec = this.#renewed(instance.spec);
        const failure = await instance.replace({ spec, overlap: overlap || this.#roster.overlaps(spec), renew: true });
        if (failure === undefined) continue;
        const { code, text } = failure.error;
        const goesOn = instance.isReady ? "; the one before it goes on" : "";
        throw new CantleError(code, `the new '${instance.spec.instance}' did not become ready${goesOn}`, {
          notes: text,
        });
      }
      // A stop that came during the last one is why there is no failure.
      this.#refuseWhenStopping();
      return this.list().filter((row) => row.unit === unit);
    });
  }

  /**
   * Makes a unit have so many instances: more are started, the newest are drained. Resolves when that is under way. Throws
   * `PLACEMENT_IMPOSSIBLE` for a unit of which two cannot run side by side.
   */
  async scale(unit: string, count: number): Promise<void> {
    this.#roster.needUnit(unit);
    return this.#inTurn(async () => {
      this.rollouts.refuse(unit);
      const copies = this.#roster.copies(unit);
      const [first] = copies;
      if (first === undefined || first.spec.overlap === false)
        throw new CantleError("PLACEMENT_IMPOSSIBLE", `there can be only one '${unit}'`, { place: `units.${unit}` });
      const names = freeNames(unit, this.#roster.names, Math.max(0, count - copies.length));
      const spec = this.#renewed(first.spec);
      const added = names.map((name) => copyOf(spec, name));
      checkSpecs([...this.#roster.specs(), ...added]);
      for (const instance of copies.slice(count)) void this.#roster.leave(instance);
      this.#roster.launch(added);
    });
  }

  /** One row for each instance. */
  list(): readonly InstanceRow[] {
    return this.#roster.rows();
  }

  /** What every process reported of its load last; of those that say nothing, what they said while they did. */
  loads(): readonly InstanceLoad[] {
    return this.#roster.loads();
  }

  /** The last lines, of a unit or of all. */
  recentLines(unit?: string): readonly LogLine[] {
    if (unit !== undefined) this.#roster.needUnit(unit);
    return this.#outputs.recent(unit);
  }

  /** Calls `sink` with each line from now on, until the returned function is called. */
  followLines(sink: LogSink): () => void {
    return this.#outputs.follow(sink);
  }

  /** Drains all instances, the highest tier first; the folder stays taken and the control door open. */
  stopInstances(): Promise<void> {
    this.#decideNoMore();
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
    this.#decideNoMore();
    this.#roster.kill();
    this.#stopping = this.#stopEverything();
    await this.stop();
  }

  #decideNoMore(): void {
    this.#roster.stopStarting();
    this.scaling.stop();
    this.rollouts.stop();
  }

  #close(): Promise<void> {
    this.#closing ??= this.#opened.stop().finally(() => this.#stopped.resolve());
    return this.#closing;
  }

  /** What nobody has started yet may have been left by an earlier supervisor all the same. */
  async #stopEverything(): Promise<void> {
    const { ended } = this.#planAdoption([]);
    await Promise.all([this.#roster.stop(this.#roster.specs()), this.#endAll(ended)]);
  }

  /** Specs by the names that instances have already, and what was decided of them before. */
  #inherit(specs: readonly ProcessSpec[]): readonly ProcessSpec[] {
    if (this.#left.length === 0) return specs;
    const scaled = this.#records.scaling.read() ?? {};
    const released = this.#records.rollouts.read() ?? {};
    this.scaling.restore(scaled);
    this.rollouts.restore(released);
    const open = unfinished(released);
    this.#kept = new Set(open.keys());
    const alive = Map.groupBy(this.#left.filter(isAlive), ({ unit }) => unit);
    const before = [...alive].map(([unit, records]) => {
      const old = open.get(unit);
      const names = [...new Set(records.map(({ instance }) => instance))].filter((name) => old?.includes(name) ?? true);
      const count = old?.length ?? scaled[unit]?.wantedCount;
      return [unit, { names, ...(count !== undefined && { count }) }] as const;
    });
    return inheritNames(specs, new Map(before));
  }

  #planAdoption(specs: readonly ProcessSpec[]): AdoptionPlan {
    const left = this.#left;
    this.#left = [];
    return planAdoption(left, specs, isAlive);
  }

  /** Puts new processes in the place of those that were spawned otherwise: what others need first, a unit's one after the other. */
  async #renew({ inherited }: AdoptionPlan): Promise<void> {
    for (const group of stopOrder(this.#roster.specs()).toReversed()) {
      const changed = group.filter((name) => inherited.get(name)?.isChanged && this.#roster.find(name)?.isAdopted);
      const units = Map.groupBy(changed, (name) => this.#roster.find(name)?.spec.unit);
      const renewed = [...units].filter(([unit]) => unit === undefined || !this.#kept.has(unit));
      await Promise.all(renewed.map(([, names]) => this.#replaceEach(names)));
    }
  }

  async #replaceEach(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const spec = this.#roster.find(name)?.spec;
      this.#refuseWhenStopping();
      if (spec !== undefined) await this.#replaceOne(spec, this.#roster.overlaps(spec));
    }
  }

  async #replaceOne(spec: ProcessSpec, overlap: boolean): Promise<void> {
    await this.#roster.find(spec.instance)?.replace({ spec, overlap });
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

  #hear(event: InstanceEvent, tell: (event: SupervisorEvent) => void): void {
    tell(event);
    this.rollouts.hear(event);
    this.#roster.hear(event);
  }

  #scaledHost(): ScaledHost {
    return {
      list: () => this.list(),
      loads: () => this.loads(),
      copies: (unit) => this.#roster.copies(unit).map(({ spec }) => spec.instance),
      scale: (unit, count) => this.scale(unit, count),
      mayScale: (unit) => !this.rollouts.isUnderWay(unit),
    };
  }

  #rolloutsHost(): RolloutsHost {
    const roster = this.#roster;
    return {
      specs: (unit) => {
        roster.needUnit(unit);
        this.#refuseWhenStopping();
        return roster.copies(unit).map(({ spec }) => spec);
      },
      names: () => roster.names,
      renew: (spec) => this.#renewed(spec),
      launch: (specs, share) => void roster.launch(specs, { share }),
      leave: async (name) => {
        const instance = roster.find(name);
        if (instance !== undefined) await roster.leave(instance);
      },
      share: (name, share) => roster.find(name)?.share(share),
      isReady: (name) => roster.find(name)?.isReady === true,
      loads: () => this.loads(),
    };
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
