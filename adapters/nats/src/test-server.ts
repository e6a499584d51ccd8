/** For tests: real servers on free ports of this host, with their data in a folder that is gone after the test. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, systemClock } from "@cantle/core";

/** Why tests with a real server are left out here; undefined when they are not. */
export const missing: string | undefined =
  spawnSync("nats-server", ["--version"]).error === undefined
    ? undefined
    : "needs nats-server: apt-get install -y nats-server";

const startMs = 20_000;
const pollMs = 5;

/** A running server. */
export class TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "cantle-nats-"));
  readonly #config: string;
  #child: ChildProcess | undefined;
  #port = -1;

  private constructor(config: string) {
    this.#config = config;
  }

  /** Starts one with JetStream; `config` is added to its configuration. */
  static async start(config = ""): Promise<TestServer> {
    const server = new TestServer(config);
    await server.restart();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `nats://${this.address}`;
  }

  /** Starts it, with the data and at the port of the time before. */
  async restart(): Promise<void> {
    const path = join(this.#folder, "server.conf");
    writeFileSync(path, `jetstream { store_dir: "${join(this.#folder, "data")}" }\n${this.#config}\n`);
    const place = ["-a", "127.0.0.1", "-p", String(this.#port), "--ports_file_dir", this.#folder];
    const child = spawn("nats-server", ["-c", path, ...place], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    const endMs = systemClock.nowMs() + startMs;
    for (let port = this.#portOf(child); ; port = this.#portOf(child)) {
      if (port !== undefined) {
        this.#port = port;
        if (/Server is ready/.test(said)) return;
      }
      if (child.exitCode !== null || systemClock.nowMs() > endMs) throw new RangeError(`nats-server: ${said}`);
      await delay(systemClock, pollMs);
    }
  }

  /** Ends it, as a crash does unless it is asked nicely. */
  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #portOf(child: ChildProcess): number | undefined {
    if (!existsSync(this.#folder)) return undefined;
    const file = readdirSync(this.#folder).find((name) => name === `nats-server_${child.pid}.ports`);
    const text = file === undefined ? "" : readFileSync(join(this.#folder, file), "utf8");
    const port = /"nats:\/\/127\.0\.0\.1:(\d+)"/.exec(text)?.[1];
    return port === undefined ? undefined : Number(port);
  }
}
