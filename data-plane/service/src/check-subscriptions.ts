/** What the compiler cannot see in `on` and `schedules`. */
import type { Contract } from "@cantle/contract";
import { CantleError } from "@cantle/core";
import type { Schedule, Subscription } from "./subscription.ts";
import type { Uses } from "./uses.ts";

/** Throws `SERVICE_INVALID` for a source that is nothing, twice there, or not this service's to take. */
export function checkSubscriptions(contract: Contract, uses: Uses, subscriptions: readonly Subscription[]): void {
  const place = `service(${contract.name}).on`;
  const used = new Set(Object.values(uses).flatMap((each) => (each.kind === "contract" ? [each.name] : [])));
  const taken = new Set<string>();
  for (const each of subscriptions) {
    const source = each?.source;
    if (each?.kind !== "subscription" || (source?.kind !== "event" && source?.kind !== "queue"))
      throw invalid(
        "this is not a subscription",
        place,
        "return what `subscribe(contract.events.happened, handle)` answers",
      );
    const { name } = source.channel;
    if (typeof each.handle !== "function") throw invalid(`'${name}' has no handler`, place, "pass a function after it");
    if (source.kind === "queue" && source.service !== contract.name)
      throw invalid(
        `the queue '${name}' is not this service's`,
        place,
        "only the service that declares a queue takes from it; others send to it",
      );
    if (source.service !== contract.name && !used.has(source.service))
      throw invalid(`'${source.service}' is not in uses`, place, `list the contract of '${source.service}' in uses`);
    if (taken.has(name))
      throw invalid(`'${name}' is subscribed to twice`, place, "do both things in one handler, or use a queue");
    taken.add(name);
  }
}

const scheduleName = /^[a-zA-Z][a-zA-Z0-9-]{0,62}$/;

/** Throws `SERVICE_INVALID` for a schedule without a name, a pattern or work. Whether the pattern means something is asked when it runs. */
export function checkSchedules(contract: Contract, schedules: Readonly<Record<string, Schedule>>): void {
  for (const [name, schedule] of Object.entries(schedules)) {
    const place = `service(${contract.name}).schedules.${name}`;
    if (!scheduleName.test(name)) throw invalid(`'${name}' is not a name`, place, "use letters, digits and dashes");
    if (typeof schedule?.cron !== "string" || typeof schedule.run !== "function")
      throw invalid("this is not a schedule", place, 'write { cron: "0 3 * * *", run: async (context) => { ... } }');
  }
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("SERVICE_INVALID", message, { place, help });
}
