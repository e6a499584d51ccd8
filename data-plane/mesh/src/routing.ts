/**
 * Which of a service's endpoints a call may go to: a share of the calls to a new version, those that ask for it to a canary.
 *
 * 1. The first route whose `when` fits the call's baggage counts; without `when` it fits every call.
 * 2. Among its destinations that have an endpoint, chance decides by weight, anew for every attempt.
 * 3. Where none has one, all endpoints are used: a route is a preference, and an answer is better than none.
 */
import type { Call, Random } from "@cantle/core";
import type { Endpoint } from "./resolver.ts";

/** A group of endpoints, by what they say of themselves. */
export interface Destination {
  /** The version they serve, whole or its beginning: `2` is every 2.x.y. */
  readonly version?: string;
  /** Labels that they have, for example `{ track: "canary" }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Its share among the route's destinations; default 1. 0 is none. */
  readonly weight?: number;
}

/** Where calls go. */
export interface Route {
  /** What the call's baggage has to have, for example `{ canary: "yes" }`. */
  readonly when?: Readonly<Record<string, string>>;
  readonly to: readonly Destination[];
}

/** What is chosen from. */
type Routed = { readonly endpoint: Endpoint };

/** Answers with those of the endpoints that a call may go to. */
export type Router = <T extends Routed>(targets: readonly T[], call: Call) => readonly T[];

/** Makes a router. It works out who belongs where once for each array of endpoints. */
export function routerOf(routes: readonly Route[], random: Random): Router {
  let known: readonly Routed[] = [];
  let groups: readonly Group<Routed>[][] = [];
  return <T extends Routed>(targets: readonly T[], call: Call) => {
    const at = routes.findIndex(({ when }) => fits(when, call));
    if (at < 0) return targets;
    if (targets !== known) {
      known = targets;
      groups = routes.map(({ to }) => groupsOf(to, targets));
    }
    return (pick(groups[at] as Group<T>[], random) ?? targets) as readonly T[];
  };
}

interface Group<T> {
  readonly weight: number;
  readonly targets: readonly T[];
}

function groupsOf<T extends Routed>(to: readonly Destination[], targets: readonly T[]): Group<T>[] {
  return to
    .map((destination) => ({
      weight: destination.weight ?? 1,
      targets: targets.filter(({ endpoint }) => belongs(endpoint, destination)),
    }))
    .filter((group) => group.weight > 0 && group.targets.length > 0);
}

function belongs({ version: served, labels: has = {} }: Endpoint, { version, labels = {} }: Destination): boolean {
  const versionFits = version === undefined || served === version || served.startsWith(`${version}.`);
  return versionFits && hasAll(labels, has);
}

function pick<T>(groups: readonly Group<T>[], random: Random): readonly T[] | undefined {
  if (groups.length < 2) return groups[0]?.targets;
  let left = random.next() * groups.reduce((sum, { weight }) => sum + weight, 0);
  for (const { weight, targets } of groups) {
    left -= weight;
    if (left < 0) return targets;
  }
  return groups.at(-1)?.targets;
}

/** True where a call's baggage has all that is asked for. */
export function fits(when: Route["when"], { baggage = {} }: Pick<Call, "baggage">): boolean {
  return when === undefined || hasAll(when, baggage);
}

function hasAll(wanted: Readonly<Record<string, string>>, has: Readonly<Record<string, string>>): boolean {
  for (const name of Object.keys(wanted)) if (!Object.hasOwn(has, name) || has[name] !== wanted[name]) return false;
  return true;
}
