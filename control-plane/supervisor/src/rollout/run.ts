/**
 * One rollout, carried out: what happens to instances is told to the machine (`rollout.ts`), and what it answers is done.
 *
 *     supervisor ── ready, failed ──▶ machine ── start, weights, drain, finish ──▶ instances, shares
 *     load reports ── tally ── tick ──┘
 *
 * 1. An old instance that is drained is *parked*: it gets no calls (share 0), and its process stays until the rollout has ended.
 *    What is on the disk is the new release by then, so a process is the only thing there is to go back to.
 * 2. A new instance that ends before it was ever ready has failed. After that one crash is forgiven, as anybody may be killed
 *    once; a second one of any new instance is a pattern.
 * 3. What it asks of instances it asks once; what they answer meanwhile waits its turn.
 */
import type { Clock, Timer } from "@cantle/core";
import { copyOf } from "../copies.ts";
import type { InstanceEvent, InstanceLoad, ProcessSpec, SupervisorEvent } from "../spec.ts";
import { named } from "./fleet.ts";
import type { RolloutPlan } from "./plan.ts";
import { beginRollout, rollout } from "./rollout.ts";
import type { Samples } from "./sample.ts";
import type { Outcome, RolloutAction, RolloutEvent, RolloutState, RolloutStep } from "./step.ts";
import { Tally } from "./tally.ts";

/** What a rollout needs of the supervisor. */
export interface RolloutHost {
  /** Starts instances that are to get a share of the calls. */
  launch(specs: readonly ProcessSpec[], share: number): void;
  /** Drains an instance for good; resolves when its process has ended. */
  leave(instance: string): Promise<void>;
  /** Gives an instance's release a share of the calls. */
  share(instance: string, share: number | null): void;
  isReady(instance: string): boolean;
  loads(): readonly InstanceLoad[];
}

/** What it is made with. */
export interface RolloutSetting {
  readonly clock: Clock;
  readonly plan: RolloutPlan;
  /** What new instances are copies of. */
  readonly spec: ProcessSpec;
  readonly timeoutMs: number;
  /** Something was decided. */
  readonly onNews: (text: string) => void;
  readonly onEnd: (outcome: Outcome, reason: string) => void;
}

const tickMs = 250;

/** A rollout under way. */
export class RolloutRun {
  readonly #host: RolloutHost;
  readonly #setting: RolloutSetting;
  readonly #tally: Tally;
  readonly #first: Samples;
  readonly #events: RolloutEvent[] = [];
  readonly #everReady = new Set<string>();
  readonly #parked = new Set<string>();
  readonly #startedMs: number;
  #crashes = 0;
  #isFeeding = false;
  readonly #begun: RolloutStep;
  #state: RolloutState;
  #timer: Timer | undefined;

  constructor(host: RolloutHost, setting: RolloutSetting) {
    const { clock, plan } = setting;
    this.#host = host;
    this.#setting = setting;
    this.#tally = new Tally(plan);
    this.#tally.hear(host.loads());
    this.#first = this.#tally.samples;
    this.#startedMs = clock.nowMs();
    this.#begun = beginRollout(plan, this.#startedMs);
    this.#state = this.#begun.state;
  }

  /** Does what is to be done first. */
  begin(): void {
    const broken = this.#setting.plan.old.filter((instance) => !this.#host.isReady(instance));
    this.#inTurn(() => this.#do(this.#begun));
    this.#feed(...broken.map((instance): RolloutEvent => ({ kind: "failed", instance })));
    this.#tick();
  }

  get state(): RolloutState {
    return this.#state;
  }

  /** What both releases have answered since the rollout began, or since the step that is being weighed. */
  get samples(): Samples {
    const { stage } = this.#state;
    const isMeasuring = stage.kind === "weighing" && stage.measure.kind === "measuring";
    const base = isMeasuring ? (stage.measure as { readonly base: Samples }).base : this.#first;
    return minus(this.#tally.samples, base);
  }

  /** Hears what happens to any instance of the supervisor. */
  hear(event: SupervisorEvent): void {
    if (!("instance" in event)) return;
    const { instance } = event;
    const { plan } = this.#setting;
    if (event.kind === "ready") {
      this.#everReady.add(instance);
      this.#feed({ kind: "ready", instance });
    }
    if (event.kind !== "failed") return;
    if (plan.old.includes(instance)) this.#feed({ kind: "failed", instance });
    if (plan.new.includes(instance)) this.#newFailed(instance, event);
  }

  /** Skips what is left of the waiting. */
  promote(): void {
    this.#feed({ kind: "promote" });
  }

  /** Goes back to the old release. */
  abort(): void {
    this.#feed({ kind: "abort" });
  }

  /** Decides no more: everything stops. */
  stop(): void {
    this.#timer?.cancel();
  }

  /** Its process is gone when somebody asks why, so the reason is told here. */
  #newFailed(instance: string, { crashLoop, error, retryInMs }: InstanceEvent & { readonly kind: "failed" }): void {
    this.#setting.onNews(`${instance} failed: ${inOneLine(error.text)}`);
    const isStarted = retryInMs !== null && !crashLoop;
    const isForgiven = this.#everReady.has(instance) && isStarted && ++this.#crashes < 2;
    if (isForgiven) this.#setting.onNews(`${instance} may end by itself once; it is started again`);
    else this.#feed({ kind: "failed", instance });
  }

  #tick(): void {
    const { clock, timeoutMs } = this.#setting;
    this.#timer = clock.after(tickMs, () => {
      this.#tally.hear(this.#host.loads());
      if (clock.nowMs() - this.#startedMs > timeoutMs) this.#feed({ kind: "timeout" });
      this.#feed({ kind: "tick", samples: this.#tally.samples });
      if (this.#state.stage.kind !== "finished") this.#tick();
    });
  }

  #feed(...events: readonly RolloutEvent[]): void {
    this.#events.push(...events);
    if (!this.#isFeeding) this.#inTurn(() => {});
  }

  /** Does something, and then takes the events that came of it one by one (invariant 3). */
  #inTurn(first: () => void): void {
    this.#isFeeding = true;
    first();
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift())
      this.#do(rollout(this.#state, event, this.#setting.clock.nowMs()));
    this.#isFeeding = false;
  }

  #do({ state, actions }: RolloutStep): void {
    this.#state = state;
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: RolloutAction): void {
    const { onNews, onEnd } = this.#setting;
    switch (action.kind) {
      case "start":
        onNews(`${action.instances.join(", ")} started: ${action.reason}`);
        this.#start(action.instances);
        break;
      case "weights":
        onNews(`${Math.round(action.share * 1000) / 10} % of the calls to the new release: ${action.reason}`);
        this.#weigh();
        break;
      case "drain":
        onNews(`${action.instances.join(", ")} drained: ${action.reason}`);
        this.#drain(action.instances);
        break;
      case "roll-back":
        onNews(`rolling back: ${action.reason}`);
        break;
      case "tell":
        onNews(action.reason);
        break;
      case "finish":
        this.#finish(action.outcome);
        onNews(`${action.outcome === "released" ? "released" : "rolled back"}: ${action.reason}`);
        onEnd(action.outcome, action.reason);
    }
  }

  #start(instances: readonly string[]): void {
    const { plan, spec } = this.#setting;
    const fresh = instances.filter((instance) => plan.new.includes(instance));
    if (fresh.length > 0)
      this.#host.launch(
        fresh.map((instance) => copyOf(spec, instance)),
        this.#state.share,
      );
    for (const instance of instances) {
      if (!this.#parked.delete(instance)) continue;
      this.#weigh();
      // It never left; one that crashed meanwhile says itself when it is back.
      if (this.#host.isReady(instance)) this.#events.push({ kind: "ready", instance });
    }
  }

  #weigh(): void {
    const { plan } = this.#setting;
    const { share } = this.#state;
    for (const instance of plan.new) this.#host.share(instance, share);
    for (const instance of plan.old) this.#host.share(instance, this.#parked.has(instance) ? 0 : 1 - share);
  }

  #drain(instances: readonly string[]): void {
    const { plan } = this.#setting;
    for (const instance of instances) {
      if (plan.new.includes(instance)) {
        void this.#host.leave(instance).then(() => this.#feed({ kind: "drained", instance }));
        continue;
      }
      this.#parked.add(instance);
      this.#events.push({ kind: "drained", instance });
    }
    this.#weigh();
  }

  #finish(outcome: Outcome): void {
    const { plan } = this.#setting;
    this.#timer?.cancel();
    if (outcome === "rolled-back") {
      for (const instance of plan.old) this.#host.share(instance, null);
      return;
    }
    // Those that leave keep their share of nothing until they are gone.
    for (const instance of plan.new) this.#host.share(instance, null);
    for (const instance of named(this.#state.fleet, "old", "gone", "draining")) void this.#host.leave(instance);
  }
}

/** An error as it is printed, without what it advises. */
function inOneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("help: ")).join("; ");
}

function minus(now: Samples, base: Samples): Samples {
  const of = (release: "old" | "new") => ({
    calls: now[release].calls - base[release].calls,
    failed: now[release].failed - base[release].failed,
    latency: now[release].latency.map((count, at) => count - (base[release].latency[at] ?? 0)),
  });
  return { old: of("old"), new: of("new") };
}
