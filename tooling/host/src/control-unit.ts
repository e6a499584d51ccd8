/** The unit `control`: identity and registry, reached over the wire on one Unix socket. */
import { createStarted, type Running, systemClock, systemRandom } from "@cantle/core";
import type { System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { listenWire } from "@cantle/transport";
import { controlServices, openIssuer } from "./control.ts";
import { createInstance } from "./instance.ts";
import type { LoadMeter } from "./load-meter.ts";
import { platformPolicies } from "./policies.ts";
import type { Settings } from "./settings.ts";

/** What it is told. */
export interface ControlStart {
  readonly system: System;
  readonly instance: string;
  /** The address it listens at. */
  readonly socket: string;
  readonly settings: Settings;
  readonly log: Logger;
  readonly meter?: LoadMeter | undefined;
}

/** Starts the control plane of one host. */
export async function startControlUnit({
  system,
  instance: id,
  socket,
  settings,
  log,
  meter,
}: ControlStart): Promise<Running & { readonly addresses: readonly string[]; readonly services: readonly string[] }> {
  const started = createStarted();
  const options = { system: system.name, settings, clock: systemClock, random: systemRandom(), log };
  try {
    const issuer = await openIssuer(options, started);
    const instance = createInstance({
      known: Object.keys(system.services),
      id,
      log,
      settings,
      meter,
      policies: platformPolicies,
      trust: { peerOf: issuer.verifier.peer, callerOf: issuer.verifier.caller },
    });
    started.add(() => instance.started.stop());
    const [failure] = (await instance.run(controlServices(issuer, options, started))).values();
    if (failure !== undefined) throw failure;
    const listener = await listenWire(socket, instance.doors, { clock: options.clock, random: options.random });
    // Watches never end by themselves, so there is nothing to wait for.
    started.add(() => listener.stop(0));
    return { addresses: [listener.address], services: ["identity", "registry"], stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
