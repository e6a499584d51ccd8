/** A system as threads of this process: the control plane and the gateway on the main one, every unit on one of its own. */
import { existsSync } from "node:fs";
import process from "node:process";
import { CantleError, createStarted, type Started, systemClock, systemRandom } from "@cantle/core";
import type { Issuer } from "@cantle/identity";
import { type InstanceRow, ownFolder } from "@cantle/supervisor";
import type { Logger } from "@cantle/telemetry";
import { isEmbedded, openBroker } from "./broker.ts";
import { brokerService, openBrokerDoor } from "./broker-door.ts";
import { controlServices, openIssuer } from "./control.ts";
import { startGatewayUnit } from "./gateway-unit.ts";
import { createInstance } from "./instance.ts";
import { interruptible } from "./interruptible.ts";
import { createLines, type Lines } from "./lines.ts";
import { processLogger } from "./log.ts";
import { platformPolicies } from "./policies.ts";
import type { Settings } from "./settings.ts";
import { createSources } from "./sources.ts";
import type { RunningSystem } from "./start-options.ts";
import type { SystemStart } from "./system-start.ts";
import { createExchange, type Exchange, threadListener, threadNetwork } from "./thread-network.ts";
import type { ThreadData } from "./thread-protocol.ts";
import { ThreadUnit } from "./thread-unit.ts";

const controlId = "control";
const control = `thread:${controlId}`;

/** What the parts of a threaded system share. */
interface Shared {
  readonly start: SystemStart;
  readonly settings: Settings;
  readonly log: Logger;
  readonly lines: Lines;
  readonly issuer: Issuer;
  readonly exchange: Exchange;
}

/** Starts every unit as a thread. Resolves when each is ready or has said why it cannot be. */
export async function startThreads(start: SystemStart): Promise<RunningSystem> {
  const { system, folder, home, options } = start;
  const { env, set, profile } = options;
  const time = { clock: systemClock, random: systemRandom() };
  const started = createStarted();
  const stopped = Promise.withResolvers<void>();
  const lines = createLines("control", options.onLine);
  const log = processLogger({ level: env["LOG_LEVEL"], pretty: true, write: lines.write });
  const settings = { folder, home, env, set, profile };
  const threads = new Threads();
  const stop = async () => {
    await started.stop();
    stopped.resolve();
  };
  const { list, restart } = threads;
  const stopInstances = () => Promise.resolve();
  const behind = { list, restart, recentLines: lines.recent, followLines: lines.follow, stopInstances, stop };
  const door = await ownFolder(behind, { folder: home, ...time });
  started.add(() => door.stop());
  try {
    const issuer = await openIssuer({ system: system.name, settings, log, ...time }, started);
    const shared: Shared = { start, settings, log, lines, issuer, exchange: createExchange() };
    await startControl(shared, started);
    for (const unit of start.plan.units) threads.units.push(unitOf(unit.name, unit.services, shared));
    started.add(() => threads.end((unit) => unit.stop()));
    const opening = startGateway(shared);
    started.add(() => opening.then((gateway) => gateway.stop()).catch(() => {}));
    await interruptible(Promise.all([opening, threads.each((unit) => unit.start())]), options.signal);
    const gateway = await opening;
    threads.gatewayAddresses = gateway.addresses;
    const kill = () => threads.end((unit) => unit.kill()).then(stop);
    const sources = createSources(system, options.file);
    const reload = (files: readonly string[]) => threads.again(sources.unitsOf(files, start.plan));
    const addresses = { gateway: gateway.addresses[0] ?? "" };
    return { system, addresses, list, restart, reload, stop, kill, stopped: stopped.promise };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The threads, as `ps` and `restart` see them. */
class Threads {
  readonly units: ThreadUnit[] = [];
  readonly #startedAt = new Date(systemClock.wallMs()).toISOString();
  #turn: Promise<unknown> = Promise.resolve();
  #ending = false;
  gatewayAddresses: readonly string[] = [];

  readonly each = (act: (unit: ThreadUnit) => Promise<void>): Promise<void> =>
    Promise.all(this.units.map(act)).then(() => {});

  /** The same for the last time: nothing is started again from now on. */
  readonly end = (act: (unit: ThreadUnit) => Promise<void>): Promise<void> => {
    this.#ending = true;
    return this.each(act);
  };

  readonly list = (): InstanceRow[] => {
    const main = {
      pid: process.pid,
      state: "ready" as const,
      restarts: 0,
      startedAt: this.#startedAt,
      lastError: null,
      load: null,
      limits: null,
    };
    return [
      { unit: "control", instance: "control-1", ...main, addresses: [control], services: ["identity", "registry"] },
      ...this.units.map((unit) => unit.row()),
      { unit: "gateway", instance: "gateway-1", ...main, addresses: this.gatewayAddresses, services: [] },
    ];
  };

  readonly restart = async (name: string): Promise<InstanceRow[]> => {
    const restarted = await this.again([name]);
    if (restarted.length === 0)
      throw new CantleError("NOT_RUNNING", `there is no thread of '${name}' to restart`, {
        help: "the gateway and the control plane share the main thread: stop and start the system",
      });
    return this.list().filter((row) => row.unit === name);
  };

  /** Starts the threads among these units again; a new thread loads its modules anew. Answers with their names. */
  readonly again = (names: readonly string[]): Promise<string[]> => {
    const wanted = this.units.filter((unit) => names.includes(unit.row().unit));
    const renew = async (unit: ThreadUnit) => {
      if (!this.#ending) await unit.stop();
      if (!this.#ending) await unit.start();
    };
    // Two restarts of one thread at once would each stop what the other started.
    const turn = this.#turn.then(() => Promise.all(wanted.map(renew)));
    this.#turn = turn.catch(() => {});
    return turn.then(() => wanted.map((unit) => unit.row().unit));
  };
}

async function startControl(
  { start: { system }, settings, log, issuer, exchange }: Shared,
  started: Started,
): Promise<void> {
  const { peer: peerOf, caller: callerOf } = issuer.verifier;
  const known = Object.keys(system.services);
  const trust = { peerOf, callerOf };
  const instance = createInstance({ id: controlId, known, log, settings, policies: platformPolicies, trust });
  started.add(() => instance.started.stop());
  const { clock, random } = instance.mesh;
  const options = { system: system.name, settings, clock, random, log, threads: true };
  const services = controlServices(issuer, options, started);
  if (isEmbedded(settings.env)) {
    const broker = await openBroker({ settings, log, clock, random });
    started.add(() => broker.close());
    await openBrokerDoor(broker, { system, settings, log, trust }, started);
    services.push(brokerService(broker, started));
  }
  const [failure] = (await instance.run(services)).values();
  if (failure !== undefined) throw failure;
  const listener = threadListener(instance.doors, { instance: controlId, clock, random });
  exchange.add(controlId, listener.accept);
  // Watches never end by themselves, so there is nothing to wait for.
  started.add(() => listener.stop(0));
}

function unitOf(
  unit: string,
  services: readonly string[],
  { start, settings, lines, issuer, exchange }: Shared,
): ThreadUnit {
  const { env: _, ...told } = settings;
  const { file, env, onEvent = () => {} } = start.options;
  const data = async (instance: string): Promise<ThreadData> => {
    const { token: bootstrap } = await issuer.bootstrap({ unit, services });
    const broker = isEmbedded(env) ? control : undefined;
    return { file, unit, instance, services, control, broker, bootstrap, settings: told, logLevel: env["LOG_LEVEL"] };
  };
  const time = { clock: systemClock, random: systemRandom() };
  return new ThreadUnit({
    unit,
    instance: `${unit}-1`,
    program: program(),
    exchange,
    data,
    onEvent,
    onText: lines.writerOf(unit),
    ...time,
  });
}

async function startGateway({ start, settings, log, issuer, exchange }: Shared) {
  const { host = "127.0.0.1", port = 8080 } = start.options;
  const { token: bootstrap } = await issuer.bootstrap({ unit: "gateway", services: ["gateway"], platform: true });
  const network = threadNetwork(exchange.handOver);
  return startGatewayUnit({
    system: start.system,
    unit: "gateway",
    instance: "gateway-1.1",
    network,
    control,
    bootstrap,
    settings,
    log,
    host,
    port,
  });
}

function program(): URL {
  const source = new URL("./thread.ts", import.meta.url);
  return existsSync(source) ? source : new URL("./thread.js", import.meta.url);
}
