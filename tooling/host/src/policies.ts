/**
 * The policies of a system, as its description and its configuration have them together:
 *
 *     system({ policies })  <  config.yaml  <  config.<profile>.yaml  <  CANTLE_POLICIES  <  --set policies.TARGET.MEMBER=value
 *
 * 1. They are merged target by target and member by member: what a heavier source says of a member stands in place of the whole
 *    member of a lighter one. Only `--set` reaches into a member: `policies.articles.breaker.openMs=500`.
 * 2. What a source says is checked as a whole, with its place, before any of it counts.
 * 3. `*` is for all services of the system. The platform's own services have their own policies, so that a fault or a time limit
 *    that is meant for all does not cut the system's own nerves.
 *
 * Pure: whoever asks has read the files (`policy-sources.ts`).
 */
import type { SourceKind } from "@cantle/config";
import { CantleError } from "@cantle/core";
import { isPolicyMember, type Policies, type Policy, policyMistakes } from "@cantle/mesh";
import { platformServices, type System } from "@cantle/system";

/** What one source says: of a file or a variable everything, of `--set` one member. */
export interface PolicyLayer {
  readonly source: SourceKind;
  /** `config.yaml`, `CANTLE_POLICIES`, `--set`, `system`. */
  readonly from: string;
  readonly content: unknown;
}

/** One member of a policy, and who said it last. */
export interface PolicyRow {
  readonly target: string;
  readonly member: string;
  readonly value: unknown;
  readonly source: SourceKind;
  readonly from: string;
}

/** What was said, merged. */
export type PolicyRows = ReadonlyMap<string, PolicyRow>;

/** Merges layers, the lightest first. Throws `CONFIG_INVALID` with every mistake of the first layer that has any. */
export function mergePolicies(layers: readonly PolicyLayer[], services: readonly string[]): PolicyRows {
  const rows = new Map<string, PolicyRow>();
  for (const { source, from, content } of layers) {
    check(content, from, services);
    for (const [target, policy] of Object.entries(content as Policies))
      for (const [member, value] of Object.entries(policy))
        rows.set(`${target} ${member}`, { target, member, value, source, from });
  }
  return rows;
}

/** What `--set policies.…=text` says, as a layer above those before it. Throws `CONFIG_INVALID` for what says nothing. */
export function assignedLayer(path: readonly string[], text: string, below: PolicyRows): PolicyLayer {
  const { target, steps } = targetOf(path);
  const [member, ...inside] = steps;
  if (member === undefined)
    throw invalid(
      "--set does not say what to set",
      `policies.${path.join(".")}`,
      "write policies.SERVICE.MEMBER=value",
    );
  const before = below.get(`${target} ${member}`)?.value;
  return { source: "--set", from: "--set", content: { [target]: { [member]: put(before, inside, jsonOrText(text)) } } };
}

/** Policies as the mesh takes them: `*` spelled out for the system's services, and the platform's own. */
export function policiesOf(rows: PolicyRows, services: readonly string[]): Policies {
  const said: Record<string, Record<string, unknown>> = {};
  for (const { target, member, value } of rows.values()) said[target] = { ...said[target], [member]: value };
  const { "*": all, ...exact } = said;
  const ofServices = services.map((service) => [service, { ...all, ...exact[service] }] as const);
  return { ...exact, ...Object.fromEntries(ofServices), ...platformPolicies } as Policies;
}

/** What keeps a system together is the last to be shed. */
export const platformPolicies: Policies = Object.freeze(
  Object.fromEntries(
    [...platformServices, "instance"].map((name): [string, Policy] => [name, { criticality: "critical" }]),
  ),
);

/** The layer that the description itself is; it was checked when it was made. */
export function describedLayer({ policies = {} }: System): PolicyLayer {
  return { source: "default", from: "system", content: policies };
}

/** `articles.read.timeoutMs` is of an operation, `articles.timeoutMs` of a service: members of policies are a closed list. */
function targetOf([service = "", second = "", ...rest]: readonly string[]): {
  readonly target: string;
  readonly steps: readonly string[];
} {
  const ofService = rest.length === 0 || isPolicyMember(second);
  return ofService
    ? { target: service, steps: [second, ...rest].filter((step) => step !== "") }
    : { target: `${service}.${second}`, steps: rest };
}

function put(before: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const object = typeof before === "object" && before !== null && !Array.isArray(before) ? before : {};
  return { ...object, [step]: put((object as Record<string, unknown>)[step], rest, value) };
}

/** JSON where it is some, else text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function check(content: unknown, from: string, services: readonly string[]): void {
  const mistakes = policyMistakes(content, services);
  const [first] = mistakes;
  if (first === undefined) return;
  const message = mistakes.length === 1 ? "a policy is wrong" : `${mistakes.length} things in policies are wrong`;
  const errors = Object.fromEntries(mistakes.map((each) => [each.place, [`${each.message} (from ${from})`]]));
  throw new CantleError("CONFIG_INVALID", message, { place: first.place, help: first.help, errors });
}

function invalid(message: string, place: string, help: string): CantleError {
  return new CantleError("CONFIG_INVALID", message, { place, help });
}
