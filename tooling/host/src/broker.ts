/** Which broker stands behind messages: chosen by `BROKER_URL`, the embedded one where there is none; loaded when it is used. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CantleError, type Clock, type Random } from "@cantle/core";
import type { Broker, BrokerEngine } from "@cantle/messaging";
import type { Logger } from "@cantle/telemetry";
import { dataFolder, type Settings } from "./settings.ts";

const engines: Readonly<Record<string, () => Promise<BrokerEngine>>> = {
  memory: async () => (await import("@cantle/messaging")).memoryBroker,
  "segment-log": async () => (await import("@cantle/segment-log")).segmentLog,
  nats: async () => (await import("@cantle/nats")).nats,
  tls: async () => (await import("@cantle/nats")).nats,
  kafka: async () => (await import("@cantle/kafka")).kafka,
};

const schemesHelp = "use nats:, tls:, kafka:, memory: or segment-log:, or leave it out for the embedded one";

/** What a broker is opened with. */
export interface BrokerHost {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** True when the system has a broker of its own, on this host: one of its processes opens it, and the others come to that one. */
export function isEmbedded({ BROKER_URL: url }: Settings["env"]): boolean {
  return !url || url.startsWith("memory:") || url.startsWith("segment-log:");
}

/** The scheme of `BROKER_URL`; undefined where it has none, or is not set. */
export function brokerScheme({ BROKER_URL: url }: Settings["env"]): string | undefined {
  return schemeOf(url ?? "");
}

const schemeOf = (url: string) => /^([a-z-]+):/i.exec(url)?.[1];

/** Opens the broker that `BROKER_URL` names, or the embedded one of the system's folder. Throws `ENGINE_MISSING`. */
export async function openBroker({ settings, clock, random, log }: BrokerHost): Promise<Broker> {
  const url = settings.env["BROKER_URL"] || embeddedUrl(settings);
  const scheme = schemeOf(url);
  // What it is instead is not said: it may be a password that lost its URL.
  if (scheme === undefined)
    throw new CantleError("CONFIG_INVALID", "'BROKER_URL' is no URL", { place: "BROKER_URL", help: schemesHelp });
  const load = Object.hasOwn(engines, scheme) ? engines[scheme] : undefined;
  if (load === undefined) {
    throw new CantleError("ENGINE_MISSING", `there is no broker for '${scheme}:'`, {
      place: "BROKER_URL",
      help: schemesHelp,
    });
  }
  const messageBytesMax = messageBytesMaxOf(settings);
  const engine = await load().catch((cause: unknown) => {
    throw isNotInstalled(cause) ? notInstalled(scheme, cause) : cause;
  });
  return engine.open({ url, clock, random, log: log.with({ part: "broker" }), messageBytesMax });
}

/** True for the failure to find a package; one that is there and broken fails with something else. */
function isNotInstalled(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_MODULE_NOT_FOUND";
}

function notInstalled(scheme: string, cause: unknown): CantleError {
  const name = scheme === "kafka" ? "@cantle/kafka" : "@cantle/nats";
  return new CantleError("ENGINE_MISSING", `the package for '${scheme}:' is not installed`, {
    place: "BROKER_URL",
    help: `npm install ${name}`,
    cause,
  });
}

function embeddedUrl(settings: Settings): string {
  const folder = join(dataFolder(settings), "broker");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new CantleError("FOLDER_UNUSABLE", "the folder of the broker cannot be made, read or written", {
      place: folder,
      help: "see to it that the user who runs this owns the folder, and that nothing else has its name",
      cause,
    });
  }
  // What a damaged broker names as the way out; it sets aside what cannot be read.
  return `segment-log:${folder}${settings.env["CANTLE_BROKER_REPAIR"] === "1" ? "?repair=true" : ""}`;
}

/** The largest data of a message, as the environment says; undefined where it says nothing. Throws `CONFIG_INVALID`. */
export function messageBytesMaxOf({ env }: Pick<Settings, "env">): number | undefined {
  const text = env["BROKER_MESSAGE_BYTES_MAX"];
  if (text === undefined || text === "") return undefined;
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new CantleError("CONFIG_INVALID", "'BROKER_MESSAGE_BYTES_MAX' is not a number of bytes", {
    place: "BROKER_MESSAGE_BYTES_MAX",
    help: "write a positive whole number, such as 1048576",
  });
}
