/** A unit in a worker thread, kept running: the supervisor's restart policy over threads instead of processes. */
import process from "node:process";
import { type MessagePort, Worker } from "node:worker_threads";
import type { Clock, Random } from "@cantle/core";
import {
  defaultBackOff,
  type InstanceError,
  type InstanceRow,
  isMendable,
  type RestartEvent,
  type RestartState,
  restartPolicy,
  type SupervisorEvent,
} from "@cantle/supervisor";
import type { Exchange } from "./thread-network.ts";
import type { FromThread, ThreadData, ToThread } from "./thread-protocol.ts";

/** What it needs. */
export interface ThreadUnitOptions {
  readonly unit: string;
  readonly instance: string;
  /** The module of the thread's program. */
  readonly program: URL;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly random: Random;
  /** What the thread is told; its instance's id is given. */
  readonly data: (id: string) => Promise<ThreadData>;
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly onText: (text: string) => void;
}

type Happening = SupervisorEvent extends infer E
  ? E extends SupervisorEvent
    ? Omit<E, "unit" | "instance">
    : never
  : never;

/** One unit's thread, over its restarts. */
export class ThreadUnit {
  readonly #options: ThreadUnitOptions;
  #state: RestartState = { kind: "stopped" };
  #worker: Worker | undefined;
  #generation = 0;
  #facts: { addresses: readonly string[]; services: readonly string[] } = { addresses: [], services: [] };
  #lastError: InstanceError | null = null;
  #startedAt: string | null = null;
  #startedMs = 0;
  #settled = Promise.withResolvers<void>();

  constructor(options: ThreadUnitOptions) {
    this.#options = options;
  }

  /** Resolves when the thread is ready or has definitively failed; one that can be mended goes on trying. */
  async start(): Promise<void> {
    this.#settled = Promise.withResolvers();
    this.#on({ kind: "start" });
    await this.#settled.promise;
  }

  /** Drains the thread and ends it. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#on({ kind: "stop" });
    if (worker === undefined) return;
    const exited = new Promise((resolve) => void worker.once("exit", resolve));
    this.#tell({ kind: "draining" } as Happening);
    if (this.#facts.addresses.length > 0) worker.postMessage({ kind: "drain" } satisfies ToThread);
    else void worker.terminate();
    await exited;
  }

  /** Ends the thread at once. */
  async kill(): Promise<void> {
    this.#on({ kind: "stop" });
    await this.#worker?.terminate();
  }

  /** The row of `ps`. */
  row(): InstanceRow {
    const { unit, instance } = this.#options;
    const state = this.#state.kind === "ready" && this.#worker === undefined ? "stopped" : this.#state.kind;
    return {
      unit,
      instance,
      pid: this.#worker ? process.pid : null,
      state,
      ...this.#facts,
      restarts: Math.max(0, this.#generation - 1),
      startedAt: this.#startedAt,
      lastError: this.#lastError,
      load: null,
      limits: null,
    };
  }

  #on(event: RestartEvent): void {
    const { clock, random } = this.#options;
    const { state, action } = restartPolicy(this.#state, event, {
      nowMs: clock.nowMs(),
      random,
      backOff: defaultBackOff,
    });
    this.#state = state;
    if (action.kind === "spawn") void this.#spawn();
    if (action.kind === "wait") clock.after(action.delayMs, () => this.#on({ kind: "due" }));
    if (state.kind === "ready" || state.kind === "failed" || state.kind === "stopped") this.#settled.resolve();
  }

  async #spawn(): Promise<void> {
    const { instance, program, exchange, clock, data, onText } = this.#options;
    const generation = ++this.#generation;
    const id = `${instance}.${generation}`;
    const workerData = await data(id);
    // Meanwhile it may have been stopped, and perhaps started again.
    if (this.#state.kind !== "starting" || this.#generation !== generation) return;
    const worker = new Worker(program, { workerData, name: id });
    this.#worker = worker;
    this.#startedAt = new Date(clock.wallMs()).toISOString();
    this.#startedMs = clock.nowMs();
    const remove = exchange.add(id, (port) => worker.postMessage({ kind: "accept", port } satisfies ToThread, [port]));
    let failure: InstanceError | undefined;
    worker.on("message", (message: FromThread) => {
      if (message.kind === "connect") exchange.handOver(message.to, message.port as MessagePort);
      if (message.kind === "line") onText(message.line);
      if (message.kind === "failed") failure = { code: message.code, text: message.text };
      if (message.kind === "ready") this.#ready(message);
    });
    worker.on("error", (error: Error) => {
      failure ??= {
        code: "INSTANCE_CRASHED",
        text: `error[INSTANCE_CRASHED]: the thread of '${instance}' threw\n${error.stack ?? error.message}`,
      };
    });
    worker.once("exit", () => {
      remove();
      this.#worker = undefined;
      this.#facts = { addresses: [], services: this.#facts.services };
      this.#ended(failure);
    });
  }

  #ready({ addresses, services }: { addresses: readonly string[]; services: readonly string[] }): void {
    this.#facts = { addresses, services };
    this.#on({ kind: "ready" });
    this.#tell({
      kind: "ready",
      addresses,
      services,
      afterMs: this.#options.clock.nowMs() - this.#startedMs,
    } as Happening);
  }

  #ended(failure: InstanceError | undefined): void {
    if (this.#state.kind === "stopped") {
      this.#tell({ kind: "stopped" } as Happening);
      return;
    }
    const error = failure ?? {
      code: "INSTANCE_CRASHED" as const,
      text: `error[INSTANCE_CRASHED]: the thread of '${this.#options.instance}' ended`,
    };
    this.#lastError = error;
    this.#on({ kind: "ended", mendable: isMendable(error.code) });
    const state = this.#state;
    const retryInMs = state.kind === "backing-off" ? Math.max(0, state.untilMs - this.#options.clock.nowMs()) : null;
    const crashLoop = state.kind === "backing-off" && state.crashes >= defaultBackOff.crashLoopMin;
    if (crashLoop) this.#settled.resolve();
    this.#tell({ kind: "failed", error, retryInMs, crashLoop } as Happening);
  }

  #tell(happening: Happening): void {
    const { unit, instance, onEvent } = this.#options;
    onEvent({ unit, instance, ...happening } as SupervisorEvent);
  }
}
