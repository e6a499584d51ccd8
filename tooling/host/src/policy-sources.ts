/** What the sources of configuration say of policies. Read at the rim, as often as somebody asks. */
import { CantleError } from "@cantle/core";
import type { System } from "@cantle/system";
import { assignedLayer, describedLayer, mergePolicies, type PolicyLayer, type PolicyRows } from "./policies.ts";
import { policyAssignments, readFiles, type Settings } from "./settings.ts";

const variable = "CANTLE_POLICIES";

/** Reads and merges them all. Throws `CONFIG_INVALID` for a file that cannot be read and for what cannot be meant. */
export function readPolicies(system: System, settings: Settings): PolicyRows {
  const services = Object.keys(system.services);
  const { file, profile } = readFiles(settings);
  const layers: PolicyLayer[] = [describedLayer(system)];
  if (file?.policies !== undefined) layers.push({ source: "file", from: file.from, content: file.policies });
  if (profile?.policies !== undefined)
    layers.push({ source: "profile", from: profile.from, content: profile.policies });
  const text = settings.env[variable];
  if (text) layers.push({ source: "environment", from: variable, content: parse(text) });
  let rows = mergePolicies(layers, services);
  for (const { path, text } of policyAssignments(settings)) {
    layers.push(assignedLayer(path, text, rows));
    rows = mergePolicies(layers, services);
  }
  return rows;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CantleError("CONFIG_INVALID", "policies in the environment are not JSON", {
      place: variable,
      cause,
      help: `write ${variable}='{"articles":{"timeoutMs":2000}}'`,
    });
  }
}
