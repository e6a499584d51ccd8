/** The platform's own services, in whichever process they run: who may be believed, and who runs where. */
import { join } from "node:path";
import type { Clock, Random, Started } from "@cantle/core";
import { createIssuer, type Issuer, identityService, openKeyring, unitOfPeer } from "@cantle/identity";
import { createRegistry, localOnly, registryService } from "@cantle/registry";
import type { ServiceDefinition } from "@cantle/service";
import type { Logger } from "@cantle/telemetry";
import type { Settings } from "./settings.ts";

/** What the control plane of a process needs. */
export interface ControlOptions {
  /** The system's name: the issuer. */
  readonly system: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** True where every instance is a thread of this process. Default false. */
  readonly threads?: boolean;
}

/** The issuer on the system's keys; several processes may hold one. */
export async function openIssuer(
  { system, settings, clock, random, log }: ControlOptions,
  started: Started,
): Promise<Issuer> {
  const keyring = await openKeyring({ folder: join(settings.home, ".cantle", "identity"), clock, random, log });
  started.add(() => keyring.stop());
  return createIssuer({ system, keyring, clock, random, log });
}

/** The definitions of `identity` and `registry`. */
export function controlServices(
  issuer: Issuer,
  { clock, log, threads = false }: ControlOptions,
  started: Started,
): ServiceDefinition[] {
  const running = createRegistry({ clock, log, addresses: { ...localOnly, threads } });
  started.add(() => running.stop());
  return [identityService(issuer), registryService(running, unitOfPeer)];
}
