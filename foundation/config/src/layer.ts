/** The sources of one service as leaves to put on each other, lightest first. */
import { coerce } from "./coerce.ts";
import { cameFrom, type Problems, report } from "./problems.ts";
import { isSecretPath } from "./secret.ts";
import { memberOf, type Shape } from "./shape.ts";
import type { ConfigSources, Origin, SourceKind } from "./sources.ts";
import { isRecord, type Leaf, leavesOf } from "./tree.ts";
import type { Field } from "./variable.ts";

/** A leaf and who put it. */
export interface Layered extends Leaf {
  readonly origin: Origin;
}

/** What the layers of one service are read with. */
export interface Reading {
  readonly service: string;
  readonly shape: Shape;
  readonly fields: readonly Field[];
  readonly problems: Problems;
}

/** All leaves of all sources, in the order in which they are to be merged. */
export function layersOf(reading: Reading, sources: ConfigSources): Layered[] {
  return [
    ...fileLeaves(reading, "file", sources.file),
    ...fileLeaves(reading, "profile", sources.profile),
    ...variableLeaves(reading, "environment", sources.environment ?? {}),
    ...variableLeaves(reading, "secret file", sources.secretFiles ?? {}),
    ...setLeaves(reading, sources.set ?? []),
  ];
}

function fileLeaves(reading: Reading, source: "file" | "profile", file: ConfigSources["file"]): Layered[] {
  const { service, problems } = reading;
  if (file === undefined || !isRecord(file.content) || !Object.hasOwn(file.content, service)) return [];
  const section = file.content[service];
  // `accounts:` with nothing under it is null in YAML.
  if (section === null) return [];
  if (isRecord(section)) return leaves(reading, { path: [], value: section }, { source, from: file.from });
  report(problems, service, `is not an object ${cameFrom({ source, from: file.from })}`);
  return [];
}

function variableLeaves(
  reading: Reading,
  source: "environment" | "secret file",
  texts: Readonly<Record<string, string | undefined>>,
): Layered[] {
  return reading.fields.flatMap(({ path, variable, shape }) => {
    const from = source === "secret file" ? `${variable}_FILE` : variable;
    const text = Object.hasOwn(texts, from) ? texts[from] : undefined;
    if (text === undefined || (text === "" && source === "environment")) return [];
    if (source === "secret file" && reading.fields.some((field) => field.variable === from)) return [];
    // Editors and `echo` end a file with a newline that nobody means.
    const meant = source === "secret file" ? text.replace(/\r?\n$/, "") : text;
    return coerced(reading, { path, value: meant }, { shape, source, from });
  });
}

function setLeaves(reading: Reading, assignments: readonly string[]): Layered[] {
  const { service, shape: root } = reading;
  return assignments.flatMap((assignment) => {
    const parsed = parseSet(assignment);
    if (parsed?.service !== service) return [];
    const { path, text } = parsed;
    const shape = path.reduce<Shape | undefined>((at, key) => at && memberOf(at, key), root);
    // A path that the schema does not know stays text; merging it is what finds the mistake.
    const known = shape ?? { schema: {}, root: root.root };
    return coerced(reading, { path, value: text }, { shape: known, source: "--set", from: "--set" });
  });
}

/** What one `--set` says. */
export interface Assignment {
  readonly service: string;
  readonly path: readonly string[];
  readonly text: string;
}

/** `accounts.maxPerDomain=5` taken apart; nothing when it does not have that form. */
export function parseSet(assignment: string): Assignment | undefined {
  const at = assignment.indexOf("=");
  const [service = "", ...path] = assignment.slice(0, Math.max(at, 0)).split(".");
  if (service === "" || path.length === 0 || path.includes("")) return undefined;
  return { service, path, text: assignment.slice(at + 1) };
}

interface From {
  readonly source: SourceKind;
  readonly from: string;
}

function coerced(reading: Reading, leaf: Leaf, { shape, ...from }: From & { readonly shape: Shape }): Layered[] {
  const { value, mistake } = coerce(leaf.value as string, shape);
  if (mistake === undefined) return leaves(reading, { path: leaf.path, value }, from);
  report(reading.problems, [reading.service, ...leaf.path].join("."), `${mistake} ${cameFrom(from)}`);
  return [];
}

/** Nests the value under its path first, so that every name on the way is checked. */
function leaves(reading: Reading, { path, value }: Leaf, from: From): Layered[] {
  const { service, shape, problems } = reading;
  const nested = path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value);
  const refuse = (at: readonly string[], message: string) =>
    report(problems, [service, ...at].join("."), `${message} ${cameFrom(from)}`);
  return leavesOf(nested, { shape, path: [] }, refuse).map((leaf) => ({
    ...leaf,
    origin: { ...from, path: leaf.path, secret: from.source === "secret file" || isSecretPath(shape, leaf.path) },
  }));
}
