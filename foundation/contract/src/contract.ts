/** `contract()`: from drafts to a frozen value that everything else is derived from. */
import { isCode, type Method, type Operation, type Shape } from "@cantle/core";
import { checkDraft, checkName, invalid, limit, statusOf } from "./check.ts";
import { declareEvents, declareQueues } from "./declare-channels.ts";
import type { Draft, OperationSpec } from "./draft.ts";
import type { Known } from "./mistake.ts";
import type { Contract, ContractSpec } from "./types.ts";

const versionShape = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;

const bodyBytesDefault = 1024 * 1024;
const timeoutMsDefault = 10_000;

/**
 * A contract: what a service promises, and the only thing others import of it.
 *
 * Throws `CONTRACT_INVALID` with the place for a bad name, version or path, for two operations at the same method and
 * path, and for schemas that JSON cannot say.
 */
export function contract<const N extends string, const C extends ContractSpec>(
  name: N,
  spec: C & Known<C, ContractSpec>,
): Contract<N, C> {
  checkName(name, `contract(${JSON.stringify(name)})`);
  const { version, operations: drafts, events, queues, ...more } = spec as ContractSpec;
  for (const option of Object.keys(more))
    throw invalid(
      `'${option}' is not an option of a contract`,
      `contract("${name}")`,
      "the options are version, operations, events, queues",
    );
  if (!versionShape.test(version)) {
    throw invalid(`'${version}' is not a version`, `contract("${name}").version`, "write semver: 1.0.0");
  }
  const operations: Record<string, Operation> = {};
  const taken = new Map<string, string>();
  for (const [key, draft] of Object.entries(drafts)) {
    const place = `contract("${name}").operations.${key}`;
    checkName(key, place);
    if (!methods.has(draft?.method) || typeof draft.path !== "string")
      throw invalid("this is not an operation", place, 'write get("/path", { ... }), or post, put, patch, del');
    const route = `${draft.method} ${draft.path.replace(/\{[^}]*\}/g, "{}")}`;
    const other = taken.get(route);
    if (other !== undefined)
      throw invalid(
        `'${key}' and '${other}' are both ${draft.method} ${draft.path}`,
        place,
        "give one of them another path",
      );
    taken.set(route, key);
    operations[key] = declare({ service: name, version, name: key }, draft, place);
  }
  return Object.freeze({
    kind: "contract",
    name,
    version,
    operations: Object.freeze(operations),
    events: declareEvents(events, { service: name, version }),
    queues: declareQueues(queues, { service: name, version }),
  }) as unknown as Contract<N, C>;
}

/** How an operation is called. */
type Named = Pick<Operation, "service" | "version" | "name">;

function declare(named: Named, draft: Draft, place: string): Operation {
  for (const option of Object.keys(draft)) {
    if (!known.has(option))
      throw invalid(`'${option}' is not an option of an operation`, place, `the options are ${[...known].join(", ")}`);
  }
  checkDraft(draft, place);
  const bodyBytesMax = limit(draft.bodyBytesMax ?? bodyBytesDefault, `${place}.bodyBytesMax`);
  return Object.freeze({
    ...draft,
    ...(draft.errors && { errors: declareErrors(draft.errors, place) }),
    ...(draft.access && { access: frozen(draft.access) }),
    ...(draft.slo && {
      slo: Object.freeze({ ...draft.slo, ...(draft.slo.latency && { latency: frozen(draft.slo.latency) }) }),
    }),
    kind: "operation",
    ...named,
    shape: shapeOf(draft),
    status: statusOf(draft, place),
    idempotent: draft.idempotent ?? idempotentMethods.has(draft.method),
    timeoutMs: limit(draft.timeoutMs ?? timeoutMsDefault, `${place}.timeoutMs`),
    bodyBytesMax,
    uploadBytesMax: draft.upload?.maxBytes ?? 0,
    deprecated: draft.deprecated ?? false,
  } satisfies Operation & Draft) as Operation;
}

/** The failures of an operation, each a frozen copy: what is written in a contract stays what it was. */
function declareErrors(errors: Draft["errors"], place: string): NonNullable<Draft["errors"]> {
  const declared = Object.entries(errors ?? {}).map(([failure, error]) => {
    checkName(failure, `${place}.errors`);
    if (isCode(failure))
      throw invalid(`'${failure}' is a code of Cantle's own`, `${place}.errors`, "give the failure a name of its own");
    if (!(Number.isInteger(error.status) && error.status >= 400 && error.status <= 599))
      throw invalid(`${error.status} is not the status of an error`, `${place}.errors.${failure}`, "use 400 to 599");
    return [failure, Object.freeze({ ...error })] as const;
  });
  return Object.freeze(Object.fromEntries(declared));
}

const methods = new Set<Method>(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const idempotentMethods = new Set<Method>(["GET", "PUT", "DELETE"]);
const known: ReadonlySet<string> = new Set<keyof OperationSpec | "method" | "path">([
  "method",
  "path",
  "input",
  "output",
  "status",
  "access",
  "errors",
  "idempotent",
  "timeoutMs",
  "bodyBytesMax",
  "summary",
  "description",
  "deprecated",
  "slo",
  "stream",
  "upload",
  "download",
]);

function shapeOf(draft: Draft): Shape {
  if (draft.stream) return "stream";
  if (draft.upload) return "upload";
  return draft.download ? "download" : "value";
}

/** A frozen copy of plain data one level deep, its lists too. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  return Object.freeze(
    Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        Array.isArray(member) ? Object.freeze([...member]) : member,
      ]),
    ),
  ) as T;
}
