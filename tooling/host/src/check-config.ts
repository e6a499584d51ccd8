/** What is wrong with configuration and can be told before anything runs, whatever runs where. */
import { resolveConfigs } from "@cantle/config";
import { loadService, type System } from "@cantle/system";
import { readPolicies } from "./policy-sources.ts";
import { configSources, type Settings } from "./settings.ts";

/**
 * Throws `CONFIG_INVALID` for files that cannot be read, for policies that cannot be meant, and for sections and `--set` keys of services that do not exist.
 * Values are checked by the units that load their schemas. But where the system will not run anyway, all services are loaded
 * here, so that their mistakes are told at once with the others.
 */
export async function checkConfig(system: System, settings: Settings): Promise<void> {
  const others = Object.keys(system.services);
  const sources = configSources(settings, {});
  try {
    resolveConfigs({ services: {}, sources, others });
  } catch (error) {
    const services = await schemasOf(system);
    resolveConfigs({ services, sources: configSources(settings, services), others });
    throw error;
  }
  readPolicies(system, settings);
}

async function schemasOf(system: System) {
  const names = Object.keys(system.services).filter((name) => typeof system.services[name] === "function");
  const loaded = await Promise.allSettled(names.map((name) => loadService(system, name)));
  return Object.fromEntries(
    loaded.flatMap((each) => (each.status === "fulfilled" ? [[each.value.contract.name, each.value.config]] : [])),
  );
}
