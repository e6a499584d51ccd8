/** What our contestants need of a process: one mesh, as the host makes it, with nothing switched off. */
import { createDeadlines, systemClock, systemRandom } from "@cantle/core";
import { createLoopDelay, type OutboundHost, type Policies, staticResolver } from "@cantle/mesh";
import type { RunningService, ServiceDefinition } from "@cantle/service";
import { runService } from "@cantle/service";
import { silentLogger } from "@cantle/telemetry";
import type { Doors } from "@cantle/transport";

/** The mesh of a process that calls through `dial`, by the policies that everybody gets unless others are given. */
export function meshOf(
  dial: OutboundHost["dial"],
  policies: Policies = {},
): OutboundHost & { readonly resolver: ReturnType<typeof staticResolver> } {
  return {
    // As the host gives them: measured all the time, and looked at anew at every call.
    loopDelay: createLoopDelay(systemClock),
    policies: () => policies,
    clock: systemClock,
    random: systemRandom(),
    deadlines: createDeadlines(systemClock),
    log: silentLogger,
    resolver: staticResolver(),
    dial,
  };
}

/** Runs a service without bindings. */
export function runAlone(definition: ServiceDefinition, mesh: OutboundHost): Promise<RunningService> {
  const engineOf = () => Promise.reject(new Error("there are no engines here"));
  return runService(definition, { ...mesh, config: {}, engineOf });
}

/** The doors of a service that believes everybody; what is measured comes after that question, which is asked once a connection. */
export function openDoors({ served }: RunningService): Doors {
  const byName = new Map(served.map((each) => [`${each.operation.service}.${each.operation.name}`, each]));
  return {
    find: (service, operation) => byName.get(`${service}.${operation}`),
    list: () => served,
    peerOf: (_token, service) => ({ service, uses: "*" }),
    callerOf: (assertion) => ({ id: "someone", roles: [], assertion }),
  };
}
