/**
 * The workers of a gateway: as many as asked for, forked again when they end, replaced one by one when there is something new.
 *
 * 1. While any worker listens, the port takes connections: a new one listens before the old one leaves.
 * 2. A worker that ends by itself is forked again, after growing pauses; before all were ready once, its failure is the gateway's.
 * 3. Counters only grow: what a worker has counted stays when it is gone.
 */
import type { Cluster } from "node:cluster";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Clock } from "@cantle/core";
import type { CallCounts, Handover, LoadReport } from "@cantle/supervisor/child";
import { GatewayWorker, type ToldFailure } from "./gateway-worker.ts";
import type { HostHandover } from "./handover.ts";

const pauseMs = 50;
const pauseMsMax = 5_000;
/** How long clients have to learn, by an answer, that a worker leaves. */
const lingerMs = 3_000;
/** A proof for tokens lives for a day; half a day after it was given, a new one is made. */
const proofMsMax = 43_200_000;

/** See above. */
export class GatewayWorkers {
  readonly #clock: Clock;
  readonly #cluster: Cluster;
  readonly #all = new Set<GatewayWorker>();
  /** Forked before anybody knew what for. */
  #prepared: GatewayWorker | undefined;
  #told: Handover | undefined;
  #toldMs = 0;
  #count = 0;
  #generation = 0;
  /** Where they listen. */
  #port: number | undefined;
  /** The same as addresses, as they were told last. */
  #shared: readonly string[] = [];
  #failures = 0;
  #stopping = false;
  #gone: LoadReport | undefined;
  #failure: ToldFailure | undefined;
  /** Called when a worker serves that did not, or no longer does. */
  onMoved = (): void => {};

  constructor(clock: Clock, cluster: Cluster) {
    this.#clock = clock;
    this.#cluster = cluster;
    cluster.setupPrimary({ exec: program(), args: ["gateway"] });
  }

  /** Forks the first worker; it waits to be told who it is. */
  prepare(): void {
    this.#prepared = this.#fork();
  }

  /** Starts all; resolves when they are ready, and throws why one is not. */
  async start(told: Handover): Promise<void> {
    this.#told = told;
    this.#toldMs = this.#clock.nowMs();
    const { role } = told.data as HostHandover;
    this.#count = role.kind === "gateway" ? role.workers : 1;
    const begun = Array.from({ length: this.#count }, () => this.#begin());
    await Promise.all(begun.map((worker) => worker.then((each) => each.settled())));
    for (const worker of this.#all) this.#watch(worker);
    const [address = ""] = this.addresses();
    this.#port = URL.canParse(address) ? Number(new URL(address).port) || 80 : undefined;
  }

  /** Puts new workers in place of all, one by one. Throws why a new one is not ready; then the others go on as they are. */
  async renew(data: HostHandover): Promise<void> {
    if (this.#told === undefined || this.#stopping) return;
    // The port that was asked for at first is what the one that we hold is known by.
    const { role } = this.#told.data as HostHandover;
    this.#told = { ...this.#told, data: { ...data, role } };
    this.#toldMs = this.#clock.nowMs();
    for (const old of [...this.#all].filter(({ isReady }) => isReady)) {
      const worker = await this.#begin();
      await worker.settled();
      this.#watch(worker);
      this.onMoved();
      await old.drain(lingerMs);
      this.onMoved();
    }
  }

  /** Drains all. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#all].map((worker) => worker.drain()));
  }

  /** What the last worker that failed said of it. */
  get failure(): ToldFailure | undefined {
    return this.#failure;
  }

  /** How many of the workers that there should be are not ready. */
  missing(): number {
    return Math.max(0, this.#count - [...this.#all].filter(({ isReady }) => isReady).length);
  }

  /**
   * Where they are reached: the port that all share, then what `more` says, then the doors of each. The port is named also while
   * no worker listens: the next one will, and whoever was told an address must not take another for it.
   */
  addresses(...more: readonly string[]): readonly string[] {
    const own = [...this.#all].filter(({ isReady }) => isReady).flatMap(({ addresses }) => addresses);
    const shared = own.filter((address) => address.startsWith("http"));
    if (shared.length > 0) this.#shared = shared;
    return [...new Set([...this.#shared, ...more, ...own])];
  }

  /** What all have served and used, those that are gone included. */
  readonly load = (): CallCounts & Partial<LoadReport> => {
    const reports = [...this.#all].flatMap(({ load }) => load ?? []);
    const gone = this.#gone === undefined ? [] : [{ ...this.#gone, inFlight: 0, memoryBytes: 0 }];
    const { takenMs: _, ...sum } = [...gone, ...reports].reduce(add, nothing);
    const { user, system } = process.cpuUsage();
    const memoryBytes = sum.memoryBytes + process.memoryUsage.rss();
    // This process does nothing, so it is as busy as its workers are.
    const inFlight = Math.round(sum.inFlight * 100) / 100;
    return { ...sum, inFlight, cpuMs: sum.cpuMs + (user + system) / 1000, memoryBytes };
  };

  #fork(): GatewayWorker {
    const worker = new GatewayWorker(this.#cluster.fork(), this.#clock);
    this.#all.add(worker);
    return worker;
  }

  async #begin(): Promise<GatewayWorker> {
    this.#keepPort();
    const worker = this.#prepared?.hasEnded === false ? this.#prepared : this.#fork();
    this.#prepared = undefined;
    const told = this.#told as Handover;
    const { instance, generation } = told;
    // It ends with this process, so it looks for nobody else.
    const who = { instance: `${instance}.${generation}`, generation: ++this.#generation, redial: null };
    worker.tell({ ...told, ...who, data: await this.#proven(told.data as HostHandover) });
    void worker.ended.then(() => this.#left(worker));
    return worker;
  }

  /** When nobody listens any more, the port is free; whoever comes takes the same one, also where it was any at first. */
  #keepPort(): void {
    const told = this.#told as Handover;
    const data = told.data as HostHandover;
    const isListening = [...this.#all].some(({ addresses, hasEnded }) => addresses.length > 0 && !hasEnded);
    if (isListening || this.#port === undefined || data.role.kind !== "gateway") return;
    this.#told = { ...told, data: { ...data, role: { ...data.role, port: this.#port } } };
  }

  /** With a proof that is still good. We are the user who has the system's keys. */
  async #proven(data: HostHandover): Promise<HostHandover> {
    if (this.#clock.nowMs() - this.#toldMs < proofMsMax) return data;
    const { proofFor } = await import("./gateway-proof.ts");
    return { ...data, bootstrap: await proofFor(data) };
  }

  #left(worker: GatewayWorker): void {
    this.#all.delete(worker);
    this.#failure = worker.failure ?? this.#failure;
    if (worker.load !== undefined) this.#gone = add(this.#gone ?? nothing, worker.load);
  }

  /** From now on its end is noticed. */
  #watch(worker: GatewayWorker): void {
    void worker.ended.then(() => {
      this.onMoved();
      if (!this.#stopping && this.missing() > 0) this.#again();
    });
  }

  #again(): void {
    const boundMs = Math.min(pauseMsMax, pauseMs * 2 ** this.#failures++);
    this.#clock.after(this.#failures === 1 ? 0 : boundMs, () => {
      if (this.#stopping || this.missing() === 0) return;
      void this.#replace();
    });
  }

  async #replace(): Promise<void> {
    const worker = await this.#begin();
    await worker.settled().then(
      () => {
        this.#failures = 0;
        this.#watch(worker);
        this.onMoved();
      },
      () => this.#again(),
    );
  }
}

const nothing: LoadReport = {
  takenMs: 0,
  inFlight: 0,
  calls: 0,
  failedCalls: 0,
  latencies: [],
  cpuMs: 0,
  loopBusyMs: 0,
  loopIdleMs: 0,
  memoryBytes: 0,
};

function add(a: LoadReport, b: LoadReport): LoadReport {
  const long = a.latencies.length > b.latencies.length ? a.latencies : b.latencies;
  return {
    takenMs: b.takenMs,
    inFlight: a.inFlight + b.inFlight,
    calls: a.calls + b.calls,
    failedCalls: a.failedCalls + b.failedCalls,
    latencies: long.map((_, at) => (a.latencies[at] ?? 0) + (b.latencies[at] ?? 0)),
    cpuMs: a.cpuMs + b.cpuMs,
    loopBusyMs: a.loopBusyMs + b.loopBusyMs,
    loopIdleMs: a.loopIdleMs + b.loopIdleMs,
    memoryBytes: a.memoryBytes + b.memoryBytes,
  };
}

/** The program of an instance, as elsewhere: TypeScript in the repository, JavaScript where it is installed. */
function program(): string {
  const source = fileURLToPath(new URL("./main.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("./main.js", import.meta.url));
}
