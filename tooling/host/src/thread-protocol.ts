/** What the main thread and a thread with a unit say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { Code } from "@cantle/core";
import type { Settings } from "./settings.ts";

/** What a thread is told at its start. */
export interface ThreadData {
  readonly file: string;
  readonly unit: string;
  readonly instance: string;
  readonly services: readonly string[];
  readonly control: string;
  readonly broker: string | undefined;
  readonly bootstrap: string;
  readonly settings: Omit<Settings, "env">;
  readonly logLevel: string | undefined;
}

/** What a thread says. */
export type FromThread =
  | { readonly kind: "connect"; readonly to: string; readonly port: MessagePort }
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "ready"; readonly addresses: readonly string[]; readonly services: readonly string[] }
  | { readonly kind: "failed"; readonly code: Code; readonly text: string };

/** What a thread is told later. */
export type ToThread = { readonly kind: "accept"; readonly port: MessagePort } | { readonly kind: "drain" };
