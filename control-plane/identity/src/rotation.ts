/**
 * When keys are made, sign, only verify, and go. Pure: `(keys, now, policy) → stages + actions`.
 *
 *            created            +leadMs                     successor signs          +keepMs
 *     ──────────┬──────────────────┬───────────────────────────────┬────────────────────┬──────▶
 *               │   next           │   signing                     │   old              │   gone
 *               │   published      │   published                   │   published        │
 *
 * A key is never changed, so its stage is not stored: it follows from when the keys were created. Processes that share a
 * folder therefore agree without speaking to each other, and two that create a key at the same moment do no harm: both
 * keys are published, the newer one signs, the other becomes old.
 *
 * Invariants
 * R1 Exactly one key signs, wherever there is one.
 * R2 A key is published `leadMs` before it signs, so that who keeps a copy of the keys has it. The very first key cannot be:
 *    nobody has a copy yet.
 * R3 A key goes no sooner than `keepMs` after its last signature: whatever it signed has expired.
 *
 * The time is the wall's, for keys outlive processes. A wall that jumps ahead rotates early; one that jumps back makes
 * keys "of the future", which wait as `next` while the newest of the past signs.
 */
import { CantleError } from "@cantle/core";

/** What rotation needs to know of a key. */
export interface KeyFacts {
  readonly kid: string;
  /** Wall ms. */
  readonly createdMs: number;
}

/** How keys rotate. */
export interface RotationPolicy {
  /** How long one key signs; default 7 days. Shorter bounds what a stolen key is worth, longer spares verifiers fetches. */
  readonly rotateMs: number;
  /** How long a key is published before it signs; default 1 hour. Longer than any verifier keeps its copy of the keys. */
  readonly leadMs: number;
  /** How long a key verifies after it signed last; the longest life of a token, default 24 hours. */
  readonly keepMs: number;
}

const hourMs = 3_600_000;

/** A key a week, an hour of notice, a day to expire. */
export const rotationDefault: RotationPolicy = Object.freeze({
  rotateMs: 168 * hourMs,
  leadMs: hourMs,
  keepMs: 24 * hourMs,
});

/** Where a key stands; each stage with the time at which it ends, where that is known. */
export type Stage =
  | { readonly kind: "next"; readonly signsFromMs: number }
  | { readonly kind: "signing" }
  | { readonly kind: "old"; readonly goneAtMs: number }
  | { readonly kind: "gone" };

/** What is to be done to the stored keys. */
export type RotationAction = { readonly kind: "create" } | { readonly kind: "remove"; readonly kid: string };

/** What follows from the keys and the time. */
export interface Rotation {
  readonly stages: ReadonlyMap<string, Stage>;
  /** The key that signs; undefined where there is none yet. */
  readonly signer: string | undefined;
  readonly actions: readonly RotationAction[];
}

/** Decides. */
export function rotate(keys: Iterable<KeyFacts>, nowMs: number, policy: RotationPolicy): Rotation {
  const ordered = [...keys].sort((a, b) => a.createdMs - b.createdMs || (a.kid < b.kid ? -1 : 1));
  const signing = Math.max(
    0,
    ordered.findLastIndex((key) => key.createdMs + policy.leadMs <= nowMs),
  );
  const stages = new Map<string, Stage>();
  const actions: RotationAction[] = [];
  for (const [index, key] of ordered.entries()) {
    const stage = stageOf({ key, place: index - signing, successor: ordered[index + 1] }, policy);
    const gone = stage.kind === "old" && stage.goneAtMs <= nowMs;
    stages.set(key.kid, gone ? { kind: "gone" } : stage);
    if (gone) actions.push({ kind: "remove", kid: key.kid });
  }
  const newest = ordered.at(-1);
  if (newest === undefined || newest.createdMs + policy.rotateMs - policy.leadMs <= nowMs)
    actions.push({ kind: "create" });
  return { stages, signer: ordered[signing]?.kid, actions };
}

/** A key, how far it is from the one that signs, and who comes after it. */
interface Placed {
  readonly key: KeyFacts;
  readonly place: number;
  readonly successor: KeyFacts | undefined;
}

function stageOf({ key, place, successor }: Placed, policy: RotationPolicy): Stage {
  if (place > 0) return { kind: "next", signsFromMs: key.createdMs + policy.leadMs };
  if (place === 0 || successor === undefined) return { kind: "signing" };
  return { kind: "old", goneAtMs: successor.createdMs + policy.leadMs + policy.keepMs };
}

/** Throws `CONFIG_INVALID` for a policy under which keys would pile up or go too early. */
export function checkPolicy(policy: RotationPolicy): void {
  const whole = Object.values(policy).every((ms) => Number.isSafeInteger(ms) && ms > 0);
  if (whole && policy.rotateMs > 2 * policy.leadMs) return;
  throw new CantleError("CONFIG_INVALID", "keys cannot rotate this way", {
    place: "identity.rotation",
    help: "rotateMs, leadMs and keepMs are positive whole numbers, and rotateMs is more than twice leadMs",
  });
}
