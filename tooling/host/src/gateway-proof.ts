/** A new proof for a worker of the gateway, made from the system's keys: its gateway may run longer than any proof lives. */
import process from "node:process";
import { createStarted, systemClock, systemRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { openIssuer } from "./control.ts";
import type { HostHandover } from "./handover.ts";
import { loadSystem } from "./load-system.ts";

/** Makes one, good for a day. */
export async function proofFor({ file, settings }: HostHandover): Promise<string> {
  const started = createStarted();
  try {
    const { name: system } = await loadSystem(file);
    const time = { clock: systemClock, random: systemRandom() };
    const withEnv = { ...settings, env: process.env };
    const issuer = await openIssuer({ system, settings: withEnv, log: silentLogger, ...time }, started);
    return (await issuer.bootstrap({ unit: "gateway", services: ["gateway"], platform: true })).token;
  } finally {
    await started.stop();
  }
}
