/**
 * The rollouts of a system: at most one of a unit at a time, each remembered with all that it decided, the last of each unit also
 * after its end.
 *
 * A rollout does not outlive its supervisor. What one left unfinished, the next takes back: its old instances go on as they are,
 * though the disk has the new release, and its new ones end. That is what `unfinished` is for.
 */
import { CantleError, type Clock } from "@cantle/core";
import { freeNames } from "../copies.ts";
import type { RecordFile } from "../record-file.ts";
import type { ProcessSpec, SupervisorEvent } from "../spec.ts";
import type { Phase, Release } from "./fleet.ts";
import { type RolloutRequest, strategyOf, timeoutMsDefault } from "./request.ts";
import { type RolloutHost, RolloutRun } from "./run.ts";
import type { Outcome, Stage } from "./step.ts";
import { figuresOf, type ReleaseFigures } from "./tally.ts";

/** One release of a rollout, as people see it. */
export interface ReleaseRow extends ReleaseFigures {
  /** Its label `release`. */
  readonly name: string;
  /** Its share of the calls, 0 to 1. */
  readonly share: number;
  readonly instances: readonly { readonly instance: string; readonly phase: Phase }[];
}

/** A decision of a rollout, with its reason. */
export interface RolloutNote {
  /** When, ISO 8601. */
  readonly at: string;
  readonly text: string;
}

/** A rollout, as people see it. Calls and latencies are those since it began, or since the step that is being weighed. */
export interface RolloutRow {
  readonly unit: string;
  readonly strategy: string;
  readonly stage: Stage["kind"];
  /** How it ended; null while it has not. */
  readonly outcome: Outcome | null;
  readonly reason: string | null;
  readonly old: ReleaseRow;
  readonly new: ReleaseRow;
  /** What was decided, the newest last. */
  readonly notes: readonly RolloutNote[];
}

/** What survives the supervisor, by unit. */
export type RolloutRecord = Readonly<Record<string, RolloutRow>>;

/** What rollouts need of the supervisor. */
export interface RolloutsHost extends RolloutHost {
  /** The instances of a unit that are to stay. Throws `NOT_RUNNING`. */
  specs(unit: string): readonly ProcessSpec[];
  /** The names that instances have, those that leave included. */
  names(): Iterable<string>;
  /** The same spec, made anew from what is on the disk. */
  renew(spec: ProcessSpec): ProcessSpec;
}

/** What they are made with. */
export interface RolloutsSetting {
  readonly clock: Clock;
  readonly file: RecordFile<RolloutRecord>;
  readonly onNews: (unit: string, text: string) => void;
}

interface Begun {
  readonly unit: string;
  readonly strategy: string;
  readonly names: Readonly<Record<Release, string>>;
  readonly run: RolloutRun;
  readonly over: PromiseWithResolvers<void>;
  notes: readonly RolloutNote[];
}

const notesMax = 100;

/** Starts and remembers rollouts. */
export class Rollouts {
  readonly #host: RolloutsHost;
  readonly #setting: RolloutsSetting;
  readonly #begun = new Map<string, Begun>();
  /** The last of each unit that is over. */
  readonly #over = new Map<string, RolloutRow>();

  constructor(host: RolloutsHost, setting: RolloutsSetting) {
    this.#host = host;
    this.#setting = setting;
  }

  /** Takes up what an earlier supervisor left: what was under way has ended, with the old release. */
  restore(record: RolloutRecord): void {
    for (const row of Object.values(record)) {
      this.#over.set(row.unit, row.outcome === null ? this.#broken(row) : row);
    }
    this.#write();
  }

  /** True while a rollout of the unit is under way. */
  isUnderWay(unit: string): boolean {
    return this.#begun.has(unit);
  }

  /** Throws `ROLLOUT_UNDER_WAY` while one is. */
  refuse(unit: string): void {
    if (!this.isUnderWay(unit)) return;
    throw new CantleError("ROLLOUT_UNDER_WAY", `a rollout of '${unit}' is under way`, {
      help: `wait for it, or end it with \`cantle rollout promote ${unit}\` or \`cantle rollout abort ${unit}\``,
    });
  }

  /** Resolves when the rollout that is under way has ended; at once where there is none. */
  async ended(unit: string): Promise<void> {
    await this.#begun.get(unit)?.over.promise;
  }

  /** One row for each unit that had a rollout. */
  list(): readonly RolloutRow[] {
    return [...[...this.#begun.values()].map(rowOf), ...this.#over.values()];
  }

  /** Starts one. Throws `USAGE`, `NOT_RUNNING`, `PLACEMENT_IMPOSSIBLE`, `ROLLOUT_UNDER_WAY`. */
  start(unit: string, request: RolloutRequest): RolloutRow {
    const strategy = strategyOf(request);
    this.refuse(unit);
    const [first, ...others] = this.#host.specs(unit);
    if (first === undefined || first.overlap === false)
      throw new CantleError("PLACEMENT_IMPOSSIBLE", `two releases of '${unit}' cannot run side by side`, {
        help: `start it again with \`cantle restart ${unit}\``,
      });
    const old = [first, ...others].map(({ instance }) => instance);
    const renewed = this.#host.renew(first);
    const release = otherThan(first.release ?? "1", renewed.release ?? "2");
    const spec = { ...renewed, release };
    const names = { old: first.release ?? "1", new: release };
    const plan = {
      old,
      new: freeNames(unit, this.#host.names(), old.length),
      strategy,
      readyTimeoutMs: spec.readyTimeoutMs,
    };
    const { clock } = this.#setting;
    const { timeoutMs = timeoutMsDefault } = request;
    const run = new RolloutRun(this.#host, {
      clock,
      plan,
      spec,
      timeoutMs,
      onNews: (text) => this.#tell(begun, text),
      onEnd: () => this.#end(begun),
    });
    const over = Promise.withResolvers<void>();
    const begun: Begun = { unit, strategy: strategy.kind, names, run, over, notes: [] };
    this.#over.delete(unit);
    this.#begun.set(unit, begun);
    run.begin();
    return rowOf(begun);
  }

  /** Skips what is left of its waiting. Throws `NOT_RUNNING` where none is under way. */
  promote(unit: string): RolloutRow {
    return this.#steer(unit, (run) => run.promote());
  }

  /** Goes back to the old release. Throws `NOT_RUNNING` where none is under way. */
  abort(unit: string): RolloutRow {
    return this.#steer(unit, (run) => run.abort());
  }

  /** Hears what happens to instances. */
  hear(event: SupervisorEvent): void {
    for (const { run } of [...this.#begun.values()]) run.hear(event);
  }

  /** Decides no more: everything stops. */
  stop(): void {
    for (const { run } of this.#begun.values()) run.stop();
  }

  #steer(unit: string, steer: (run: RolloutRun) => void): RolloutRow {
    const begun = this.#begun.get(unit);
    if (begun === undefined)
      throw new CantleError("NOT_RUNNING", `no rollout of '${unit}' is under way`, {
        help: `start one with \`cantle rollout start ${unit}\``,
      });
    steer(begun.run);
    return this.#over.get(unit) ?? rowOf(begun);
  }

  #tell(begun: Begun, text: string): void {
    begun.notes = [...begun.notes, this.#note(text)].slice(-notesMax);
    this.#write();
    this.#setting.onNews(begun.unit, text);
  }

  /** The machine tells of the end before anybody may start the next. */
  #end(begun: Begun): void {
    this.#begun.delete(begun.unit);
    this.#over.set(begun.unit, rowOf(begun));
    this.#write();
    begun.over.resolve();
  }

  #broken(row: RolloutRow): RolloutRow {
    const reason = `the supervisor ended while it was under way, at ${Math.round(row.new.share * 100)} % of the calls`;
    const notes = [...row.notes, this.#note(`rolled back: ${reason}`)];
    this.#setting.onNews(row.unit, `rolled back: ${reason}`);
    const instances = (release: ReleaseRow, phase: Phase) =>
      release.instances.map(({ instance }) => ({ instance, phase }));
    return {
      ...row,
      stage: "finished",
      outcome: "rolled-back",
      reason,
      old: { ...row.old, share: 1, instances: instances(row.old, "ready") },
      new: { ...row.new, share: 0, instances: instances(row.new, "gone") },
      notes,
    };
  }

  #note(text: string): RolloutNote {
    return { at: new Date(this.#setting.clock.wallMs()).toISOString(), text };
  }

  #write(): void {
    this.#setting.file.write(Object.fromEntries(this.list().map((row) => [row.unit, row])));
  }
}

/** The old instances of rollouts that nobody finished, by unit. */
export function unfinished(record: RolloutRecord): ReadonlyMap<string, readonly string[]> {
  const open = Object.values(record).filter(({ outcome }) => outcome === null);
  return new Map(open.map((row) => [row.unit, row.old.instances.map(({ instance }) => instance)]));
}

/** True for what `Rollouts` writes. */
export function isRolloutRecord(value: unknown): value is RolloutRecord {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every(
    (row: Partial<RolloutRow> | null) =>
      typeof row?.unit === "string" && Array.isArray(row.old?.instances) && Array.isArray(row.new?.instances),
  );
}

function rowOf({ unit, strategy, names, run, notes }: Begun): RolloutRow {
  const { state, samples } = run;
  const { stage, share, fleet } = state;
  const isOver = stage.kind === "finished";
  const rowFor = (release: Release, part: number): ReleaseRow => ({
    name: names[release],
    share: part,
    instances: fleet.filter((member) => member.release === release).map(({ instance, phase }) => ({ instance, phase })),
    ...figuresOf(samples[release]),
  });
  return {
    unit,
    strategy,
    stage: stage.kind,
    outcome: isOver ? stage.outcome : null,
    reason: isOver || stage.kind === "rolling-back" ? stage.reason : null,
    old: rowFor("old", 1 - share),
    new: rowFor("new", share),
    notes,
  };
}

/** A name for the new release that the old one does not have: the same sources may mean another program all the same. */
function otherThan(old: string, name: string): string {
  const [plain, number = "1"] = old.split(".");
  return plain === name ? `${name}.${Number(number) + 1}` : name;
}
