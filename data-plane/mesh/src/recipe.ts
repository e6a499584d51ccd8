/**
 * A recipe that follows its policy: compiled once, and again when the policy of its operation has become another. What layers
 * have counted until then begins anew, except what belongs to endpoints and to a breaker whose own policy is the same; calls
 * that are under way end as they began.
 */
import type { Handler, Operation } from "@cantle/core";
import { compile, type Layer, type LayerPlan, type MeshHost } from "./layer.ts";
import { type Policies, type PolicySource, policyOf } from "./policy.ts";

/** An ordered list of layers around a last station. */
export interface Recipe<Host extends MeshHost> {
  readonly layers: readonly Layer<Host>[];
  readonly station: (plan: LayerPlan<Host>) => Handler;
}

/** Compiles a recipe for an operation, now and whenever its policy changes. */
export function followed<Host extends MeshHost & { readonly policies?: Policies | PolicySource | undefined }>(
  operation: Operation,
  host: Host,
  recipe: Recipe<Host>,
): Handler {
  const { policies } = host;
  const make = (plan: LayerPlan<Host>) => compile(plan, recipe.layers, recipe.station(plan));
  if (typeof policies !== "function") return make({ operation, policy: policyOf(operation, policies), host });
  let seen = policies();
  let policy = policyOf(operation, seen);
  let handle = make({ operation, policy, host });
  return (call) => {
    const now = policies();
    if (now !== seen) {
      seen = now;
      const next = policyOf(operation, seen);
      if (!same(policy, next)) handle = make({ operation, policy: next, host });
      policy = next;
    }
    return handle(call);
  };
}

/** Equal member by member, however deep; functions by identity. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
  );
}
