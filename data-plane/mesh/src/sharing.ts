/**
 * How calls are shared by two releases of a service while one takes the place of the other: each attempt goes to a release by
 * chance, as large as its share, and within it to whichever endpoint the balancer picks.
 *
 * 1. A release is the endpoints with one label `release`. Its share is the largest that any of them announces, so one that has
 *    been taken out of traffic (share 0) does not take its release along; who announces none shares what is left.
 * 2. Where nobody announces a share, nothing is shared, and nothing is worked out.
 * 3. An endpoint with share 0 gets no calls while another can take them (`pool.ts`).
 */
import type { Random } from "@cantle/core";
import type { Endpoint } from "./resolver.ts";

/** What is chosen from. */
type Shared = { readonly endpoint: Endpoint };

/** Answers with the endpoints of one release. */
export type Sharing = <T extends Shared>(targets: readonly T[]) => readonly T[];

interface Release<T> {
  readonly share: number;
  readonly targets: readonly T[];
}

/** Makes one. It works out the releases once for each array of endpoints. */
export function sharingBy(random: Random): Sharing {
  let known: readonly Shared[] = [];
  let releases: readonly Release<Shared>[] = [];
  return <T extends Shared>(targets: readonly T[]) => {
    if (targets !== known) {
      known = targets;
      releases = releasesOf(targets);
    }
    return releases.length < 2 ? targets : ((pick(releases, random) ?? targets) as readonly T[]);
  };
}

function releasesOf<T extends Shared>(targets: readonly T[]): readonly Release<T>[] {
  if (targets.every(({ endpoint }) => endpoint.share === undefined)) return [];
  const groups = [...Map.groupBy(targets, ({ endpoint }) => endpoint.labels?.["release"] ?? "").values()];
  const said = groups.map((group) => group.flatMap(({ endpoint }) => endpoint.share ?? []));
  const taken = said.reduce((sum, shares) => sum + Math.max(0, ...shares), 0);
  return groups.map((group, at) => {
    const shares = said[at] as readonly number[];
    return { share: shares.length > 0 ? Math.max(...shares) : Math.max(0, 1 - taken), targets: group };
  });
}

function pick<T>(releases: readonly Release<T>[], random: Random): readonly T[] | undefined {
  let left = random.next() * releases.reduce((sum, { share }) => sum + share, 0);
  for (const { share, targets } of releases) {
    left -= share;
    if (left < 0) return targets;
  }
  return releases.findLast(({ share }) => share > 0)?.targets;
}
