/**
 * One worker of the gateway, seen from the process that forked it: a supervisor in small, which speaks the supervisor's own
 * protocol, so that a worker is an instance like any other.
 */
import type { Worker } from "node:cluster";
import { CantleError, type Clock } from "@cantle/core";
import {
  type ChildMessage,
  type Handover,
  type LoadReport,
  type ParentMessage,
  Pulse,
  readChildMessage,
} from "@cantle/supervisor/child";

/** Why a worker cannot run, as it said itself. */
export type ToldFailure = Pick<ChildMessage & { readonly kind: "failed" }, "code" | "text">;

/** A worker and its channel. */
export class GatewayWorker {
  readonly #worker: Worker;
  readonly #pulse: Pulse;
  readonly #settled = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #phase: "starting" | "ready" | "draining" | "ended" = "starting";
  #addresses: readonly string[] = [];
  #failure: ToldFailure | undefined;

  constructor(worker: Worker, clock: Clock) {
    this.#worker = worker;
    // One whose event loop stands still takes no connections; the next one does.
    this.#pulse = new Pulse({}, clock, () => worker.process.kill("SIGKILL"));
    worker.on("message", (message: unknown) => this.#hear(message));
    worker.on("error", () => {});
    worker.on("exit", () => this.#exited());
  }

  get isReady(): boolean {
    return this.#phase === "ready";
  }

  get hasEnded(): boolean {
    return this.#phase === "ended";
  }

  /** What it said of why it cannot run. */
  get failure(): ToldFailure | undefined {
    return this.#failure;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Its last report. */
  get load(): LoadReport | undefined {
    return this.#pulse.load?.report;
  }

  /** Resolves when it is ready; throws why it never will be. */
  async settled(): Promise<void> {
    await this.#settled.promise;
    if (this.#phase === "ready" || this.#phase === "draining") return;
    const { code = "INSTANCE_CRASHED", text } = this.#failure ?? {};
    throw new CantleError(code, "a worker of the gateway ended before it was ready", text ? { notes: text } : {});
  }

  /** Resolves when it is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Tells it who it is. */
  tell(handover: Handover): void {
    this.#say({ kind: "spec", ...handover });
  }

  /** Drains it; resolves when it has ended. `lingerMs`: for how long it may serve who is connected, as others have the port. */
  drain(lingerMs = 0): Promise<void> {
    if (this.#phase !== "ended") {
      this.#phase = "draining";
      this.#pulse.stop();
      this.#say({ kind: "drain", lingerMs });
    }
    return this.#ended.promise;
  }

  #say(message: ParentMessage): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {});
  }

  #hear(value: unknown): void {
    const message = readChildMessage(value);
    if (message?.kind === "load") this.#pulse.heard(message.load, message.debugged);
    if (message?.kind === "failed") this.#failure = message;
    if (message?.kind !== "ready" || this.#phase !== "starting") return;
    this.#phase = "ready";
    this.#addresses = message.addresses;
    this.#pulse.watch();
    this.#settled.resolve();
  }

  #exited(): void {
    this.#phase = "ended";
    this.#pulse.stop();
    this.#settled.resolve();
    this.#ended.resolve();
  }
}
