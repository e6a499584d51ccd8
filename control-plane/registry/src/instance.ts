/** The words of the registry: what is announced, by whom. */
import type { Endpoint } from "@cantle/mesh";

/** Where an instance stands with a service. */
export type ServiceState = Endpoint["state"];

/** One service that an instance announces. */
export interface Announced {
  readonly service: string;
  /** The contract's version, semver. */
  readonly version: string;
  /** Where it is reached, the best first; may be empty while it is starting. */
  readonly addresses: readonly string[];
  readonly state: ServiceState;
  /** Whatever operators want to see beside it; never secrets. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** One running copy of a unit, with all that it announces. */
export interface Instance {
  readonly instance: string;
  readonly unit: string;
  readonly services: readonly Announced[];
}

/** Who acts: what a unit's token says. */
export interface Owner {
  readonly unit: string;
  readonly instance: string;
  /** The services that the unit may announce. */
  readonly services: { has(service: string): boolean };
  /** True for the platform's own units (the supervisor), which may act for any instance. */
  readonly platform: boolean;
}

/** What became of an instance. */
export type Change =
  | { readonly kind: "put"; readonly instance: Instance }
  | { readonly kind: "gone"; readonly instance: string; readonly reason: "left" | "expired" | "replaced" };
