/**
 * For tests: librdkafka's mock cluster, which speaks Kafka's protocol and keeps everything in memory. `kcat` starts one when it is
 * told to, and prints where it is.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Why tests with the mock cluster are left out here; undefined when they are not. */
export const missing: string | undefined =
  spawnSync("kcat", ["-V"]).error === undefined ? undefined : "needs kcat: apt-get install -y kcat";

const saidMax = 10_000;

/** A running cluster. */
export class TestCluster {
  readonly #child: ChildProcess;
  /** `host:port` of its brokers, after commas. */
  readonly servers: string;

  private constructor(child: ChildProcess, servers: string) {
    this.#child = child;
    this.servers = servers;
  }

  /** Starts one with so many brokers. */
  static async start(brokersCount = 1): Promise<TestCluster> {
    // It lasts as long as a client of its own that waits for messages nobody sends.
    const settings = ["-X", `test.mock.num.brokers=${brokersCount}`, "-X", "debug=mock"];
    const child = spawn("kcat", ["-C", "-b", "mock", "-t", "keeps-the-cluster", ...settings], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const told = Promise.withResolvers<string>();
    let said = "";
    // Read to its end: a program whose output nobody takes is stopped by it.
    child.stderr?.on("data", (chunk) => {
      if (said.length > saidMax) return;
      said += chunk;
      const servers = /bootstrap\.servers=(\S+)/.exec(said)?.[1];
      if (servers !== undefined) told.resolve(servers);
    });
    child.on("error", told.reject);
    child.on("exit", () => told.reject(new RangeError(`kcat ended: ${said}`)));
    return new TestCluster(child, await told.promise);
  }

  get url(): string {
    return `kafka://${this.servers}`;
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}
