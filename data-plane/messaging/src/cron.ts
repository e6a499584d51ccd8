/**
 * Runs schedules: at each moment of its pattern, a message goes into the queue of the schedule. Every instance of a service
 * does that, and the moment is the message's id, so that the broker keeps one of them and one instance takes it.
 *
 * - Once per cluster as far as the broker knows ids (`dedupWindowMs` of its facts): instances whose clocks differ by more
 *   than that would be two.
 * - Moments that pass while no instance runs are not made up; neither are those that are over by more than a minute.
 * - The wall clock is asked anew at least every half minute, so a clock that is set is followed.
 */
import type { Channel } from "@cantle/contract";
import { type Clock, delay, type Random, type Timer } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Broker } from "./broker.ts";
import { backOffMs } from "./consumer-verdict.ts";
import { CronMoments, type CronPattern, lateMsMax, readCron } from "./cron-moments.ts";

/** A schedule of a service. */
export interface CronSchedule extends CronPattern {
  readonly name: string;
  /** The queue that its moments go through. */
  readonly channel: Channel;
}

/** What schedules need of their process. */
export interface CronHost {
  readonly broker: Pick<Broker, "queue">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const lookEveryMs = 30_000;
const sending = { firstMs: 200, maxMs: 5_000 };

/** Starts the schedules of a service; answers with the way to stop them. Throws `SERVICE_INVALID` for one that cannot be read. */
export function runSchedules(service: string, schedules: readonly CronSchedule[], host: CronHost): () => void {
  const running = schedules.map((schedule) => {
    const next = readCron(schedule, `service(${service}).schedules.${schedule.name}`);
    return new RunningSchedule(service, schedule, { ...host, moments: new CronMoments(next, host.clock.wallMs()) });
  });
  for (const schedule of running) schedule.look();
  return () => {
    for (const schedule of running) schedule.stop();
  };
}

class RunningSchedule {
  readonly #service: string;
  readonly #schedule: CronSchedule;
  readonly #host: CronHost & { readonly moments: CronMoments };
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(service: string, schedule: CronSchedule, host: CronHost & { readonly moments: CronMoments }) {
    this.#service = service;
    this.#schedule = schedule;
    this.#host = host;
  }

  look(): void {
    const { clock, moments, log } = this.#host;
    const nowMs = clock.wallMs();
    const { moments: due, missedCount, nextMs = Number.POSITIVE_INFINITY } = moments.look(nowMs);
    if (missedCount > 0) log.warn("moments of a schedule passed unseen and are not made up", this.#fields);
    for (const moment of due) void this.#send(new Date(moment).toISOString());
    this.#timer = clock.after(Math.min(lookEveryMs, nextMs - nowMs), () => this.look());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Sends a moment; for as long as it is not too late, again and again. The id makes that harmless. */
  async #send(time: string): Promise<void> {
    const { clock, random, log, broker } = this.#host;
    const id = `cron:${this.#service}.${this.#schedule.name}:${time}`;
    const message = { id, source: this.#service, time, data: new TextEncoder().encode("{}") };
    const endMs = clock.nowMs() + lateMsMax;
    for (let failures = 1; !this.#isStopped; failures++) {
      try {
        return await broker.queue?.send(this.#schedule.channel.name, [message]);
      } catch (error) {
        if (clock.nowMs() > endMs)
          return log.error("a moment of a schedule was lost", { ...this.#fields, time, error });
        await delay(clock, backOffMs(sending, failures, random));
      }
    }
  }

  get #fields() {
    return { schedule: `${this.#service}.${this.#schedule.name}` };
  }
}
