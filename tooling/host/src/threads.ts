/** A system as threads of this process: the control plane and the gateway on the main one, every unit on one of its own. */
import { existsSync } from "node:fs";
import process from "node:process";
import { CantleError, createStarted, systemClock, systemRandom } from "@cantle/core";
import { type BehindDoor, type InstanceRow, ownFolder } from "@cantle/supervisor";
import { controlServices, openIssuer } from "./control.ts";
import { startGatewayUnit } from "./gateway-unit.ts";
import { createInstance } from "./instance.ts";
import { createLines } from "./lines.ts";
import { processLogger } from "./log.ts";
import type { SystemStart } from "./processes.ts";
import type { RunningSystem } from "./start-options.ts";
import { createExchange, threadListener, threadNetwork } from "./thread-network.ts";
import type { ThreadData } from "./thread-protocol.ts";
import { ThreadUnit } from "./thread-unit.ts";

const controlId = "control";

/** Starts every unit as a thread. Resolves when each is ready or has said why it cannot be. */
export async function startThreads({ system, plan, folder, home, options }: SystemStart): Promise<RunningSystem> {
  const { env, set, profile, host = "127.0.0.1", port = 8080, onEvent = () => {}, onLine } = options;
  const clock = systemClock;
  const random = systemRandom();
  const started = createStarted();
  const stopped = Promise.withResolvers<void>();
  const lines = createLines("main", onLine);
  const log = processLogger({ level: env["LOG_LEVEL"], pretty: true, write: lines.write });
  const settings = { folder, home, env, set, profile };
  const units: ThreadUnit[] = [];
  const startedAt = new Date(clock.wallMs()).toISOString();
  let gatewayAddress = "";
  const list = (): InstanceRow[] => {
    const main = { pid: process.pid, state: "ready" as const, restarts: 0, startedAt, lastError: null };
    return [
      {
        unit: "control",
        instance: "control-1",
        ...main,
        addresses: [`thread:${controlId}`],
        services: ["identity", "registry"],
      },
      ...units.map((unit) => unit.row()),
      { unit: "gateway", instance: "gateway-1", ...main, addresses: [gatewayAddress], services: [] },
    ];
  };
  const restart = async (name: string) => {
    const wanted = units.filter((unit) => unit.row().unit === name);
    if (wanted.length === 0) throw new CantleError("NOT_RUNNING", `there is no unit '${name}' to restart`);
    for (const unit of wanted) {
      await unit.stop();
      await unit.start();
    }
    return list().filter((row) => row.unit === name);
  };
  const stop = async () => {
    await started.stop();
    stopped.resolve();
  };
  const behind: BehindDoor = {
    list,
    restart,
    recentLines: () => lines.recent(),
    followLines: lines.follow,
    stopInstances: () => Promise.resolve(),
    stop,
  };
  const door = await ownFolder(behind, { folder: home, clock, random });
  started.add(() => door.stop());
  try {
    const issuer = await openIssuer({ system: system.name, settings, clock, random, log }, started);
    const exchange = createExchange();
    const control = createInstance({
      known: Object.keys(system.services),
      id: controlId,
      log,
      settings,
      trust: { peerOf: issuer.verifier.peer, callerOf: issuer.verifier.caller },
    });
    started.add(() => control.started.stop());
    await control.run(controlServices(issuer, { system: system.name, settings, clock, random, log }, started));
    const listener = threadListener(control.doors, { instance: controlId, clock, random });
    exchange.add(controlId, listener.accept);
    started.add(() => listener.stop(0));
    const network = threadNetwork(exchange.handOver);
    const common = { file: options.file, control: listener.address, logLevel: env["LOG_LEVEL"] };
    for (const { name, services } of plan.units) {
      const data = async (instance: string): Promise<ThreadData> => ({
        ...common,
        unit: name,
        instance,
        services,
        bootstrap: (await issuer.bootstrap({ unit: name, services })).token,
        settings: { folder, home, set, profile },
      });
      units.push(
        new ThreadUnit({
          unit: name,
          instance: `${name}-1`,
          program: threadProgram(),
          exchange,
          clock,
          random,
          data,
          onEvent,
          onText: lines.write,
        }),
      );
    }
    started.add(() => Promise.all(units.map((unit) => unit.stop())).then(() => {}));
    const bootstrap = (await issuer.bootstrap({ unit: "gateway", services: ["gateway"], platform: true })).token;
    const [gateway] = await Promise.all([
      startGatewayUnit({
        ...common,
        system,
        unit: "gateway",
        instance: "gateway-1.1",
        network,
        bootstrap,
        settings,
        log,
        host,
        port,
      }),
      ...units.map((unit) => unit.start()),
    ]);
    gatewayAddress = gateway.addresses[0] ?? "";
    started.add(() => gateway.stop());
    return {
      system,
      addresses: { gateway: gatewayAddress },
      list,
      restart,
      reload: () => Promise.resolve([]),
      stop,
      kill: () => Promise.all(units.map((unit) => unit.kill())).then(stop),
      stopped: stopped.promise,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function threadProgram(): URL {
  const source = new URL("./thread.ts", import.meta.url);
  return existsSync(source) ? source : new URL("./thread.js", import.meta.url);
}
