/**
 * What a supervisor and its instances say to each other, over the channel Node keeps between a process and its child
 * (JSON, one message at a time, private to the two). An instance in the background says the same to the supervisor after
 * that one, over a line that begins with `here`; it is not told its spec again.
 *
 *     supervisor                                  instance
 *        │ spec  who it is, and what it is told      │   first, once; before it the instance is nobody's and must end
 *        │──────────────────────────────────────────▶│   when the channel closes
 *        │◀─ starting, then ready ───────────────────│   or failed: one clear error, then it exits
 *        │◀─ load, load, load ───────────────────────│   every beatMs: it turns, and this is how loaded it is
 *        │ share  of the calls, for its release      │   while another release takes its place
 *        │──────────────────────────────────────────▶│
 *        │ drain                                     │
 *        │──────────────────────────────────────────▶│
 *        │◀─ draining, then it exits ────────────────│
 *
 * Whatever comes in is read, not trusted: unknown kinds and misshapen messages are nothing, lists and texts are cut.
 */
import { type Code, isCode } from "@cantle/core";
import { safeText } from "./lines.ts";
import { type LoadReport, readLoadReport } from "./load.ts";
import { type ProcessIdentity, readIdentity } from "./process-identity.ts";
import type { Mode } from "./spec.ts";

/** The most addresses or services a message may name. */
export const namesMax = 256;
/** The longest name of them, characters. */
export const nameCharsMax = 512;
/** The longest error text, characters. */
export const textCharsMax = 8192;

/** What an instance says. */
export type ChildMessage =
  /** It runs and is loading these services. */
  | { readonly kind: "starting"; readonly services: readonly string[] }
  /** It serves these services at these addresses. */
  | { readonly kind: "ready"; readonly addresses: readonly string[]; readonly services: readonly string[] }
  /** It cannot run; `text` is the whole error, as `explainError` writes it. */
  | { readonly kind: "failed"; readonly code: Code; readonly text: string }
  /** It is the process of this start, and looks for whoever supervises it now. */
  | {
      readonly kind: "here";
      readonly identity: ProcessIdentity;
      readonly unit: string;
      readonly instance: string;
      readonly generation: number;
      readonly phase: "starting" | "ready" | "draining";
      readonly addresses: readonly string[];
      readonly services: readonly string[];
    }
  /** Its event loop turns. `load` is null where the report was none; `debugged` while a debugger may stop it at any line. */
  | { readonly kind: "load"; readonly load: LoadReport | null; readonly debugged: boolean }
  /** What serves in it is new, as it was told. */
  | { readonly kind: "renewed" }
  /** What serves in it is still the old, and why. */
  | { readonly kind: "not-renewed"; readonly code: Code; readonly text: string }
  /** It takes no new work. */
  | { readonly kind: "draining" };

/** Who an instance is, and what it was told at its start. */
export interface Handover {
  readonly unit: string;
  readonly instance: string;
  /** Tells apart the starts of one instance. */
  readonly generation: number;
  readonly mode: Mode;
  /** How often it says that it is alive, once it is ready. */
  readonly beatMs: number;
  /** Where a supervisor that comes after this one is found; null where the instance ends with this one. */
  readonly redial: string | null;
  /** Of which release it is, as its spec says. */
  readonly release: string | null;
  /** The share of the calls that its release is to get, from 0 to 1; null where there is no other. */
  readonly share: number | null;
  /** What the spec's `handover` made; JSON data, `null` for none. */
  readonly data: unknown;
}

/** What a supervisor says. */
export type ParentMessage =
  | ({ readonly kind: "spec" } & Handover)
  /** From now on its release is to get this share of the calls. */
  | { readonly kind: "share"; readonly share: number | null }
  /** Put new workers in place of those that serve, with this handover; only of one whose spec is `renewable`. */
  | { readonly kind: "renew"; readonly data: unknown }
  /** Finish what is in flight, then exit. `lingerMs`: another has the port, so who is connected may be served for so long. */
  | { readonly kind: "drain"; readonly lingerMs?: number };

/** A message of an instance, or undefined for anything else. */
export function readChildMessage(value: unknown): ChildMessage | undefined {
  if (!isObject(value)) return undefined;
  switch (value.kind) {
    case "starting":
      return { kind: "starting", services: names(value.services) };
    case "ready":
      return { kind: "ready", addresses: names(value.addresses), services: names(value.services) };
    case "failed":
    case "not-renewed":
      if (!isCode(value.code) || typeof value.text !== "string") return undefined;
      return { kind: value.kind, code: value.code, text: safeText(value.text.slice(0, textCharsMax)) };
    case "renewed":
      return { kind: "renewed" };
    case "here":
      return readHere(value);
    case "load":
      return { kind: "load", load: readLoadReport(value.load) ?? null, debugged: value.debugged === true };
    case "draining":
      return { kind: "draining" };
    default:
      return undefined;
  }
}

/** A message of a supervisor, or undefined for anything else. */
export function readParentMessage(value: unknown): ParentMessage | undefined {
  if (!isObject(value)) return undefined;
  if (value.kind === "drain")
    return typeof value.lingerMs === "number" ? { kind: "drain", lingerMs: value.lingerMs } : { kind: "drain" };
  if (value.kind === "renew") return { kind: "renew", data: value.data ?? null };
  const { kind, unit, instance, generation, mode, beatMs, redial = null, data = null } = value;
  const { release = null, share = null } = value;
  if (share !== null && !isShare(share)) return undefined;
  if (kind === "share") return { kind, share };
  if (kind !== "spec" || typeof unit !== "string" || typeof instance !== "string") return undefined;
  if (typeof generation !== "number" || typeof beatMs !== "number") return undefined;
  if (mode !== "attached" && mode !== "background") return undefined;
  if (redial !== null && typeof redial !== "string") return undefined;
  if (release !== null && typeof release !== "string") return undefined;
  return { kind: "spec", unit, instance, generation, mode, beatMs, redial, release, share, data };
}

function readHere(value: Record<string, unknown>): ChildMessage | undefined {
  const { unit, instance, generation, phase, addresses, services } = value;
  const identity = readIdentity(value.identity);
  if (identity === undefined || typeof unit !== "string" || typeof instance !== "string") return undefined;
  if (typeof generation !== "number") return undefined;
  if (phase !== "starting" && phase !== "ready" && phase !== "draining") return undefined;
  const lists = { addresses: names(addresses), services: names(services) };
  return { kind: "here", identity, unit, instance, generation, phase, ...lists };
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function names(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((name): name is string => typeof name === "string")
    .slice(0, namesMax)
    .map((name) => safeText(name.slice(0, nameCharsMax)));
}
