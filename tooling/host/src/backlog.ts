/**
 * How many messages wait for each unit, for those that are scaled by it: asked of the broker once a second, in the name of whoever
 * operates the system. While the broker is away nobody knows, and the scaler holds what it has.
 */
import { type Clock, delay, type Running, within } from "@cantle/core";
import type { Broker } from "@cantle/messaging";
import type { Plan, System } from "@cantle/system";
import { becomeOperator } from "./operator.ts";
import type { Settings } from "./settings.ts";

/** What waits for a unit, as it was last seen. */
export interface Backlog extends Running {
  readonly waiting: (unit: string) => { readonly atMs: number; readonly queueLag: number } | undefined;
}

/** What it is followed with. */
export interface BacklogOptions {
  readonly system: System;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly clock: Clock;
}

const lookMs = 1_000;

/** Follows it for the units whose scaling aims at `queueLag`; for none, nobody is asked. */
export function followBacklog({ system, plan, settings, clock }: BacklogOptions): Backlog {
  const units = plan.units.filter(({ scaling }) => scaling?.target.queueLag !== undefined);
  const seen = new Map<string, { readonly atMs: number; readonly queueLag: number }>();
  let isOn = units.length > 0;

  async function follow(): Promise<void> {
    while (isOn) {
      const operator = await becomeOperator(system, settings).catch(() => undefined);
      try {
        const broker = await operator?.broker();
        while (isOn && broker !== undefined) {
          const waits = await waitingIn(broker);
          for (const { name, services } of units)
            seen.set(name, { atMs: clock.nowMs(), queueLag: sum(services.map((service) => waits.get(service) ?? 0)) });
          await delay(clock, lookMs);
        }
      } catch {
        // What was seen goes stale, and that is what the scaler is told.
      } finally {
        await operator?.stop();
      }
      await delay(clock, lookMs);
    }
  }

  const following = follow();
  return {
    waiting: (unit) => seen.get(unit),
    async stop() {
      isOn = false;
      await within(clock, lookMs, following);
    },
  };
}

/** Service → the messages that wait for it: in its queues, and for its group of topics. */
async function waitingIn({ log, queue }: Broker): Promise<ReadonlyMap<string, number>> {
  const waits = new Map<string, number>();
  const add = (service: string, count: number) => waits.set(service, (waits.get(service) ?? 0) + count);
  for (const each of (await queue?.queues()) ?? [])
    add(each.queue.split(".", 1)[0] ?? "", each.waiting + each.inFlight);
  for (const { groups } of await log.topics()) for (const { group, lag } of groups) add(group, lag);
  return waits;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
