/**
 * Which engine stands behind a binding: chosen by URL in the environment, embedded where there is none, loaded only when it
 * is used. The one place that knows adapters.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CantleError } from "@cantle/core";
import { dataFolder, type Settings } from "./settings.ts";

type LoadEngine = () => Promise<unknown>;

/** Port → scheme of a URL → the adapter. */
const adapters: Readonly<Record<string, Readonly<Record<string, LoadEngine>>>> = {
  database: { sqlite: async () => (await import("@cantle/sqlite")).sqlite },
};

/** Finds the URL and the engine of a binding: `ACCOUNTS_DATABASE_URL`, or a file of its own. Throws `ENGINE_MISSING`. */
export function engineFinder(settings: Settings) {
  return async (
    service: string,
    name: string,
    port: string,
  ): Promise<{ readonly url: string; readonly engine: unknown }> => {
    const variable = `${upperSnake(service)}_${upperSnake(name)}_URL`;
    const url = settings.env[variable] || embedded(settings, service, name);
    // What a service opens by itself, with a data layer of its own choice.
    if (port === "url") return { url, engine: undefined };
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] ?? "";
    const known = adapters[port] ?? {};
    const load = Object.hasOwn(known, scheme) ? known[scheme] : undefined;
    if (load === undefined) {
      throw new CantleError("ENGINE_MISSING", `there is no ${port} engine for '${scheme}:'`, {
        place: variable,
        help: `use one of ${Object.keys(known)
          .map((each) => `${each}:`)
          .join(", ")}`,
      });
    }
    return { url, engine: await load() };
  };
}

function embedded(settings: Settings, service: string, name: string): string {
  const folder = dataFolder(settings);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return `sqlite:${join(folder, name === "database" ? `${service}.sqlite` : `${service}-${name}.sqlite`)}`;
}

function upperSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toUpperCase();
}
