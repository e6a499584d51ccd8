/** What the program of an instance is told by its supervisor: plain data, over the private channel, so that no secret is seen in `ps`. */
import type { Settings } from "./settings.ts";

/** What a process is to become. */
export type Role =
  | { readonly kind: "control"; readonly socket: string }
  | { readonly kind: "broker" }
  | { readonly kind: "gateway"; readonly host: string; readonly port: number; readonly workers: number }
  | { readonly kind: "services"; readonly services: readonly string[] }
  | { readonly kind: "external"; readonly service: string };

/** The whole of it. */
export interface HostHandover {
  readonly role: Role;
  /** The file that exports the system. */
  readonly file: string;
  readonly speak: "wire" | "http";
  /** Where the control plane listens. */
  readonly control: string;
  /** Where the embedded broker listens; absent where `BROKER_URL` names another. */
  readonly broker: string | undefined;
  /** Proves which services the instance may run. */
  readonly bootstrap: string;
  readonly settings: Omit<Settings, "env">;
  readonly logLevel: string | undefined;
}
