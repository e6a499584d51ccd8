/**
 * Scaling, on a clock: once a second each unit's load is put before the scaler (`scaler.ts`), and what it says is done. Whoever
 * operates the system may fix a count, until it is told to scale by itself again.
 *
 * 1. What was decided is remembered for `cantle scale`, the last changes of each unit, and survives the supervisor.
 * 2. A unit in a rollout is left alone; the scaler then begins anew, as it has not watched meanwhile.
 * 3. One change of a unit at a time: while it is carried out nothing is decided.
 */
import { CantleError, type Clock, type Timer } from "@cantle/core";
import type { RecordFile } from "../record-file.ts";
import type { InstanceLoad, InstanceRow } from "../spec.ts";
import type { ScalingChange } from "./change.ts";
import type { ScalingPolicy, Target } from "./policy.ts";
import { scaledInstancesMax } from "./policy.ts";
import { beginScaling, type InstanceLoad as Loaded, type ScalerState, scaler, type UnitLoad } from "./scaler.ts";

/** How one unit is scaled. */
export interface ScalingRow {
  readonly unit: string;
  /** How many of its instances are ready. */
  readonly readyCount: number;
  /** How many there are to be. */
  readonly wantedCount: number;
  /** `auto`: by its load; `fixed`: somebody chose the count; `plain`: nobody scales it. */
  readonly mode: "auto" | "fixed" | "plain";
  /** The policy, where it has one. */
  readonly min: number | null;
  readonly max: number | null;
  readonly target: Target | null;
  /** What the scaler thinks just now. */
  readonly reason: string | null;
  /** The last changes, the newest last. */
  readonly changes: readonly ScalingChange[];
}

/** What survives the supervisor, by unit. */
export interface ScaledUnit {
  readonly wantedCount: number;
  readonly isFixed: boolean;
  readonly changes: readonly ScalingChange[];
}

/** What is remembered of all. */
export type ScalingRecord = Readonly<Record<string, ScaledUnit>>;

/** What scaling needs of the supervisor. */
export interface ScaledHost {
  list(): readonly InstanceRow[];
  loads(): readonly InstanceLoad[];
  /** The instances of a unit that are to stay. */
  copies(unit: string): readonly string[];
  /** Makes a unit have so many instances; resolves when all is under way. */
  scale(unit: string, count: number): Promise<void>;
  /** False for a unit that must be left alone just now. */
  mayScale(unit: string): boolean;
}

/** How many messages wait for a unit, and when that was so; undefined where nobody knows. */
export type Waiting = (unit: string) => { readonly atMs: number; readonly queueLag: number } | undefined;

/** What it is made with. */
export interface ScalingSetting {
  readonly clock: Clock;
  /** Unit → its policy. */
  readonly policies: Readonly<Record<string, ScalingPolicy>>;
  readonly file: RecordFile<ScalingRecord>;
  /** What waits for a unit, where that is measured: the metric `queueLag`. */
  readonly waiting: Waiting;
  readonly onChange: (unit: string, change: ScalingChange) => void;
}

interface Unit {
  readonly policy: ScalingPolicy | undefined;
  state: ScalerState;
  isFixed: boolean;
  isBusy: boolean;
  reason: string | null;
  changes: readonly ScalingChange[];
}

const tickMs = 1_000;
const changesMax = 20;

/** Scales units. */
export class Scaling {
  readonly #setting: ScalingSetting;
  readonly #host: ScaledHost;
  readonly #units = new Map<string, Unit>();
  #timer: Timer | undefined;

  constructor(host: ScaledHost, setting: ScalingSetting) {
    this.#host = host;
    this.#setting = setting;
    for (const unit of Object.keys(setting.policies)) this.#unit(unit);
  }

  /** Takes up what an earlier supervisor left. */
  restore(record: ScalingRecord): void {
    for (const [name, { isFixed, changes }] of Object.entries(record)) {
      const unit = this.#unit(name);
      unit.isFixed = isFixed;
      unit.changes = changes;
    }
  }

  /** Begins to look. */
  start(): void {
    if (this.#timer !== undefined || Object.keys(this.#setting.policies).length === 0) return;
    const tick = () => {
      this.#timer = this.#setting.clock.after(tickMs, tick);
      for (const name of this.#units.keys()) this.#look(name);
    };
    this.#timer = this.#setting.clock.after(tickMs, tick);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** A row for each unit that is there. */
  list(): readonly ScalingRow[] {
    const rows = Map.groupBy(this.#host.list(), ({ unit }) => unit);
    return [...rows].map(([unit, instances]) => this.#row(unit, instances));
  }

  /** Fixes how many instances a unit has, or lets its load decide again. Throws `USAGE`, `NOT_RUNNING`, `SYSTEM_INVALID`. */
  async set(name: string, to: number | "auto"): Promise<ScalingRow> {
    const { policies } = this.#setting;
    const policy = policies[name];
    if (to === "auto") {
      if (policy === undefined)
        throw new CantleError("USAGE", `'${name}' is not scaled by itself`, {
          help: `give it a policy: system(…, { scaling: { ${name}: { min: 1, max: 4, target: { inFlight: 8 } } } })`,
        });
      const unit = this.#unit(name);
      unit.isFixed = false;
      unit.state = beginScaling(this.#setting.clock.nowMs());
      unit.reason = null;
      this.#write();
    } else {
      if (!Number.isInteger(to) || to < 1 || to > scaledInstancesMax)
        throw new CantleError("USAGE", `a unit cannot have ${to} instances`, {
          help: `write a whole number from 1 to ${scaledInstancesMax}`,
        });
      await this.#fix(name, to);
    }
    return this.#row(
      name,
      this.#host.list().filter(({ unit }) => unit === name),
    );
  }

  async #fix(name: string, to: number): Promise<void> {
    if (!this.#host.mayScale(name))
      throw new CantleError("ROLLOUT_UNDER_WAY", `a rollout of '${name}' is under way`, {
        help: `wait for it, or end it with \`cantle rollout promote ${name}\` or \`cantle rollout abort ${name}\``,
      });
    const from = this.#host.copies(name).length;
    await this.#host.scale(name, to);
    const unit = this.#unit(name);
    unit.isFixed = true;
    unit.reason = "fixed by an operator";
    this.#changed(name, { from, to, by: "operator", reason: unit.reason });
  }

  #look(name: string): void {
    const unit = this.#unit(name);
    const { policy } = unit;
    if (policy === undefined || unit.isFixed || unit.isBusy) return;
    const copies = this.#host.copies(name);
    const nowMs = this.#setting.clock.nowMs();
    if (copies.length === 0 || !this.#host.mayScale(name)) {
      unit.state = beginScaling(nowMs);
      return;
    }
    const from = copies.length;
    const load = { wantedCount: from, instances: this.#loaded(copies), ...this.#queue(name) };
    const { state, action } = scaler(unit.state, load, { nowMs, policy });
    unit.state = state;
    unit.reason = action.reason;
    if (action.kind === "hold" || action.count === from) return;
    unit.isBusy = true;
    const { count: to, reason } = action;
    this.#host
      .scale(name, to)
      .then(
        () => this.#changed(name, { from, to, by: "scaler", reason }),
        // Stopping, most likely; the next look decides anew.
        () => {},
      )
      .finally(() => {
        unit.isBusy = false;
      });
  }

  /** The load of instances, of each the process that serves now. */
  #loaded(copies: readonly string[]): readonly Loaded[] {
    const rows = new Map(this.#host.list().map((row) => [row.instance, row]));
    const heard = new Map(this.#host.loads().map(({ instance, heardMs }) => [instance, heardMs]));
    return copies.map((instance) => {
      const row = rows.get(instance);
      const state = row?.state === "ready" ? "ready" : "starting";
      const atMs = heard.get(instance);
      if (row?.load == null || atMs === undefined) return { instance, state };
      const { inFlight, cpuCores: cpu, loopUtilisation } = row.load;
      return { instance, state, measured: { atMs, values: { inFlight, cpu, loopUtilisation } } };
    });
  }

  #queue(unit: string): Pick<UnitLoad, "queue"> {
    const waiting = this.#setting.waiting(unit);
    if (waiting === undefined) return {};
    const { atMs, queueLag } = waiting;
    return { queue: { atMs, values: { queueLag } } };
  }

  #changed(name: string, what: Omit<ScalingChange, "at">): void {
    const { clock, onChange } = this.#setting;
    const change = { at: new Date(clock.wallMs()).toISOString(), ...what };
    const unit = this.#unit(name);
    unit.changes = [...unit.changes, change].slice(-changesMax);
    this.#write();
    onChange(name, change);
  }

  #write(): void {
    const units = [...this.#units].map(([name, { isFixed, changes }]): [string, ScaledUnit] => [
      name,
      { wantedCount: this.#host.copies(name).length, isFixed, changes },
    ]);
    this.#setting.file.write(Object.fromEntries(units));
  }

  #unit(name: string): Unit {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const policy = this.#setting.policies[name];
    const state = beginScaling(this.#setting.clock.nowMs());
    const unit: Unit = { policy, state, isFixed: false, isBusy: false, reason: null, changes: [] };
    this.#units.set(name, unit);
    return unit;
  }

  #row(unit: string, instances: readonly InstanceRow[]): ScalingRow {
    const policy = this.#setting.policies[unit];
    const { isFixed = false, reason = null, changes = [] } = this.#units.get(unit) ?? {};
    return {
      unit,
      readyCount: instances.filter(({ state }) => state === "ready").length,
      wantedCount: this.#host.copies(unit).length,
      mode: isFixed ? "fixed" : policy === undefined ? "plain" : "auto",
      min: policy?.min ?? null,
      max: policy?.max ?? null,
      target: policy?.target ?? null,
      reason,
      changes,
    };
  }
}

/** True for what `Scaling` writes. */
export function isScalingRecord(value: unknown): value is ScalingRecord {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every(
    (unit: Partial<ScaledUnit> | null) =>
      Number.isInteger(unit?.wantedCount) && typeof unit?.isFixed === "boolean" && Array.isArray(unit.changes),
  );
}
