/**
 * Where an instance runs and what it says of itself, in the metadata that it announces: `zone`, `keys` where it keeps idempotency
 * keys, each label as `label.NAME`, and the `share` of the calls that its release is to get. Callers choose by it: a zone of
 * their own first, a release by its share.
 */
import type { Endpoint } from "@cantle/mesh";

/** What callers may choose an instance by, besides its version. */
export type Whereabouts = Pick<Endpoint, "zone" | "labels" | "share" | "keepsKeys">;

const labelPrefix = "label.";

/** The metadata that says it. */
export function metadataOf({ zone, labels = {}, share, keepsKeys }: Whereabouts): Record<string, string> {
  const named = Object.entries(labels).map(([name, value]) => [labelPrefix + name, value]);
  return {
    ...(zone !== undefined && { zone }),
    ...(share !== undefined && { share: String(share) }),
    ...(keepsKeys && { keys: "kept" }),
    ...Object.fromEntries(named),
  };
}

/** What metadata says of it; a share that is none is not said. */
export function whereaboutsOf(metadata: Readonly<Record<string, string>>): Whereabouts {
  const labels = Object.entries(metadata).flatMap(([name, value]) =>
    name.startsWith(labelPrefix) ? [[name.slice(labelPrefix.length), value] as const] : [],
  );
  const { zone, keys, share: text } = metadata;
  const share = text ? Number(text) : Number.NaN;
  return {
    ...(zone && { zone }),
    ...(keys === "kept" && { keepsKeys: true }),
    ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    ...(share >= 0 && share <= 1 && { share }),
  };
}
