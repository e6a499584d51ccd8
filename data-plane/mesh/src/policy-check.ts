/**
 * Whether policies say something that can be done. A mistake is a sentence with its place, before anything runs: a policy that
 * is misspelt would otherwise protect nothing and tell nobody.
 */
import { closest } from "@cantle/config";
import { CantleError, type Code, codes } from "@cantle/core";

/** A mistake, and where it is: `policies.articles.breaker.openMs`. */
export interface PolicyMistake {
  readonly place: string;
  readonly message: string;
  readonly help: string;
}

/** Says what is wrong with a value; nothing when it is right. */
type Check = (value: unknown, place: string) => PolicyMistake[];

const number =
  (wanted: string, fits: (value: number) => boolean): Check =>
  (value, place) =>
    typeof value === "number" && fits(value) ? [] : [wrong(value, place, wanted)];
const count = (min: number) =>
  number(`a whole number, at least ${min}`, (value) => Number.isInteger(value) && value >= min);
const ms = number("milliseconds, 0 or more", (value) => value >= 0);
const share = number("a share from 0 to 1", (value) => value >= 0 && value <= 1);
const ratio = number("a ratio, 0 or more", (value) => value >= 0);
const yesOrNo: Check = (value, place) => (typeof value === "boolean" ? [] : [wrong(value, place, "true or false")]);
const anything: Check = () => [];
const text: Check = (value, place) => (typeof value === "string" ? [] : [wrong(value, place, "a text")]);
const callable: Check = (value, place) => (typeof value === "function" ? [] : [wrong(value, place, "a function")]);
const literally =
  (...literals: readonly unknown[]): Check =>
  (value, place) =>
    literals.includes(value) ? [] : [wrong(value, place, literals.map((each) => JSON.stringify(each)).join(" or "))];
const failingCode: Check = (value, place) =>
  typeof value === "string" && Object.hasOwn(codes, value) && codes[value as Code].status !== undefined
    ? []
    : [wrong(value, place, "a code that a call can fail with, such as UNAVAILABLE")];
const texts: Check = (value, place) =>
  isRecord(value)
    ? Object.entries(value).flatMap(([name, each]) => text(each, `${place}.${name}`))
    : [wrong(value, place, "names and texts")];

/** An object with these members and no others; those in `needed` must be there. */
const record =
  (members: Readonly<Record<string, Check>>, needed: readonly string[] = []): Check =>
  (value, place) => {
    if (!isRecord(value)) return [wrong(value, place, "an object")];
    const missing = needed
      .filter((name) => value[name] === undefined)
      .map((name) => ({ place, message: `'${name}' is missing`, help: `write ${name}` }));
    return [
      ...missing,
      ...Object.entries(value).flatMap(([name, each]) => member(members, name)(each, `${place}.${name}`)),
    ];
  };
const orFalse =
  (check: Check): Check =>
  (value, place) =>
    value === false ? [] : check(value, place);
const listOf =
  (check: Check): Check =>
  (value, place) =>
    Array.isArray(value)
      ? value.flatMap((each, at) => check(each, `${place}[${at}]`))
      : [wrong(value, place, "a list")];

const hashKey: Check = (value, place) =>
  typeof value === "string" && /^(caller|(input|baggage)\..+)$/.test(value)
    ? []
    : [wrong(value, place, "`caller`, `input.NAME` or `baggage.NAME`")];
const balancing: Check = (value, place) =>
  value === "least-loaded" || value === "round-robin"
    ? []
    : isRecord(value)
      ? record({ hashBy: hashKey }, ["hashBy"])(value, place)
      : [wrong(value, place, "`least-loaded`, `round-robin` or { hashBy }")];
const fallback: Check = (value, place) => {
  const kinds = isRecord(value) ? ["value", "make", "last"].filter((name) => name in value) : [];
  if (kinds.length !== 1) return [wrong(value, place, "one of { value }, { make } and { last: true }")];
  const lasting = { last: literally(true), ageMsMax: ms, entriesMax: count(1) };
  return record(kinds[0] === "last" ? lasting : { value: anything, make: callable })(value, place);
};

const members: Readonly<Record<string, Check>> = {
  timeoutMs: number("milliseconds, more than 0", (value) => value > 0),
  retriesMax: count(0),
  retryBudget: record({ ratio, perSecondMin: ratio }),
  waitMs: ms,
  inFlightMax: count(1),
  criticality: literally("critical", "default", "sheddable"),
  delayMsMax: number("milliseconds, more than 0", (value) => value > 0),
  adaptive: orFalse(
    record(
      {
        by: literally("aimd", "gradient"),
        latencyMs: ms,
        limitMin: count(1),
        limitMax: count(1),
        limitStart: count(1),
      },
      ["by"],
    ),
  ),
  balancing,
  slowStartMs: ms,
  ejection: orFalse(record({ failuresMax: count(1), failureRatioMax: ratio, callsMin: count(1), outMs: ms })),
  breaker: orFalse(
    record({
      failuresMax: count(0),
      failureRatioMax: ratio,
      slowMs: ms,
      slowRatioMax: ratio,
      windowMs: number("milliseconds, at least 100", (value) => value >= 100 && value < Number.POSITIVE_INFINITY),
      windowCalls: number(
        "a whole number up to 100,000",
        (value) => Number.isInteger(value) && value >= 0 && value <= 1e5,
      ),
      callsMin: count(1),
      openMs: ms,
      openMsMax: ms,
      probesMax: count(1),
      probeMs: number("milliseconds, more than 0", (value) => value > 0),
    }),
  ),
  bulkhead: orFalse(record({ concurrentMax: count(1), queueMax: count(0) }, ["concurrentMax"])),
  fallback: orFalse(fallback),
  hedge: orFalse(record({ afterMs: ms }, ["afterMs"])),
  coalesce: yesOrNo,
  routes: listOf(record({ when: texts, to: listOf(record({ version: text, labels: texts, weight: ratio })) }, ["to"])),
  faults: listOf(record({ when: texts, ratio: share, delayMs: ms, abort: failingCode }, ["ratio"])),
};

/** True for what a policy can say: `timeoutMs`, `breaker`. */
export function isPolicyMember(name: string): boolean {
  return Object.hasOwn(members, name);
}

/** What is wrong with policies; `services` are the names that they may be for, where those are known. */
export function policyMistakes(policies: unknown, services?: readonly string[]): PolicyMistake[] {
  if (!isRecord(policies)) return [wrong(policies, "policies", "an object, by service or `service.operation`")];
  return Object.entries(policies).flatMap(([target, policy]) => [
    ...targetMistakes(target, services),
    ...record(members)(policy, `policies.${target}`),
  ]);
}

/** Throws the first mistake, with the others in its notes. `code` says whose: the system's, or the configuration's. */
export function checkPolicies(
  policies: unknown,
  code: "SYSTEM_INVALID" | "CONFIG_INVALID",
  services?: readonly string[],
): void {
  const [first, ...others] = policyMistakes(policies, services);
  if (first === undefined) return;
  throw new CantleError(code, first.message, {
    place: first.place,
    help: first.help,
    ...(others.length > 0 && { notes: others.map(({ place, message }) => `${place}: ${message}`).join("\n") }),
  });
}

function targetMistakes(target: string, services: readonly string[] | undefined): PolicyMistake[] {
  const [service = ""] = target.split(".");
  if (target === "*" || services === undefined || services.includes(service)) return [];
  return [
    { place: `policies.${target}`, message: `there is no service '${service}'`, help: helpFor(service, services) },
  ];
}

function member(known: Readonly<Record<string, Check>>, name: string): Check {
  const check = Object.hasOwn(known, name) ? known[name] : undefined;
  return (
    check ??
    ((_value, place) => [
      { place, message: `'${name}' is not something a policy says`, help: helpFor(name, Object.keys(known)) },
    ])
  );
}

function helpFor(name: string, known: readonly string[]): string {
  const close = closest(name, known);
  return close === undefined ? `there are ${known.join(", ")}` : `did you mean '${close}'?`;
}

function wrong(value: unknown, place: string, wanted: string): PolicyMistake {
  const shown = typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
  return { place, message: `${shown.slice(0, 80)} is not ${wanted}`, help: `write ${wanted}` };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
