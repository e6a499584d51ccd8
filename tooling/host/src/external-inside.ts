/**
 * External services of a system that runs in one process: started here, found without a registry, and started again with the
 * supervisor's own policy when their programs end.
 */
import { asCantleError, type Caller, CantleError, explainError, type Running, type Timer } from "@cantle/core";
import { type StaticResolver, staticResolver } from "@cantle/mesh";
import { defaultBackOff, isMendable, type RestartEvent, type RestartState, restartPolicy } from "@cantle/supervisor";
import type { System } from "@cantle/system";
import type { ProgramOutput } from "./external-program.ts";
import { type RunningExternal, startExternal } from "./external-service.ts";
import { externalOf, isExternal } from "./external-source.ts";
import type { Instance } from "./instance.ts";
import type { Settings } from "./settings.ts";

/** What they are started with. */
export interface ExternalsInside {
  readonly system: System;
  /** The services of the system that run here; those that are no external programs are left out. */
  readonly services: readonly string[];
  /** The process's one instance. */
  readonly instance: Instance;
  readonly callerOf: (assertion: string) => Caller | Promise<Caller>;
  readonly settings: Settings;
  /** Where the output of a service's program goes. */
  readonly output: (service: string) => ProgramOutput;
  /** Breaks a start off that is not done. */
  readonly signal?: AbortSignal | undefined;
}

/** External services that are kept running. */
export interface KeptExternals extends Running {
  /** Those that could not be started, with why. They are tried again where that may help. */
  readonly failed: ReadonlyMap<string, CantleError>;
}

/** Starts the external services among `services`. Resolves when each is well or has failed once. */
export async function startExternals(start: ExternalsInside): Promise<KeptExternals> {
  const { system, services, instance } = start;
  const found = staticResolver();
  instance.elsewhere(found);
  const kept = services.filter((service) => isExternal(system, service)).map((service) => keep(service, start, found));
  const outcomes = await Promise.all(kept.map(({ first }) => first));
  return {
    failed: new Map(outcomes.filter((outcome) => outcome !== undefined)),
    stop: async () => void (await Promise.all(kept.map(({ stop }) => stop()))),
  };
}

interface Kept extends Running {
  /** What came of the first start. */
  readonly first: Promise<readonly [service: string, error: CantleError] | undefined>;
}

/** Keeps one service running. */
function keep(service: string, start: ExternalsInside, found: StaticResolver): Kept {
  const { clock, random, log } = start.instance.mesh;
  const first = Promise.withResolvers<readonly [string, CantleError] | undefined>();
  const ending = new AbortController();
  const starting = AbortSignal.any([ending.signal, ...(start.signal ? [start.signal] : [])]);
  let policy: RestartState = { kind: "stopped" };
  let isFirst = true;
  let timer: Timer = { cancel() {} };
  let current: Promise<RunningExternal | undefined> = Promise.resolve(undefined);

  function on(event: RestartEvent): void {
    const { state, action } = restartPolicy(policy, event, { nowMs: clock.nowMs(), random, backOff: defaultBackOff });
    policy = state;
    if (action.kind === "spawn") current = spawn();
    if (action.kind === "wait") timer = clock.after(action.delayMs, () => on({ kind: "due" }));
  }

  async function spawn(): Promise<RunningExternal | undefined> {
    try {
      const signal = isFirst ? starting : ending.signal;
      const external = await startExternal({ ...startOf(service, start, found), signal });
      on({ kind: "ready" });
      isFirst = false;
      first.resolve(undefined);
      void external.ended.then(async (error) => {
        await external.stop();
        failed(error);
      });
      return external;
    } catch (thrown) {
      failed(asCantleError(thrown));
      return undefined;
    }
  }

  function failed(error: CantleError): void {
    found.set(service, []);
    first.resolve([service, error]);
    if (policy.kind === "stopped") return;
    // What the start came to is told by whoever started it.
    if (!isFirst) log.error(explainError(error));
    isFirst = false;
    on({ kind: "ended", mendable: isMendable(error.code) });
  }

  on({ kind: "start" });
  return {
    first: first.promise,
    async stop() {
      on({ kind: "stop" });
      timer.cancel();
      ending.abort(new CantleError("CANCELLED", "it was stopped while it started"));
      await (await current)?.stop();
    },
  };
}

function startOf(service: string, start: ExternalsInside, found: StaticResolver) {
  const { system, instance, callerOf, settings, output } = start;
  const version = externalOf(system, service).contract?.version ?? "0.0.0";
  return {
    system,
    service,
    mesh: instance.mesh,
    callerOf,
    settings,
    output: output(service),
    minded: false,
    announce: (state: "ready" | "draining", address: string) =>
      found.set(service, [{ id: `${service}-1`, service, version, state, address }]),
  };
}
