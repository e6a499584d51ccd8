/**
 * For tests: librdkafka's mock cluster, which speaks Kafka's protocol and keeps everything in memory. `kcat` starts one when it is
 * told to, and prints where it is.
 *
 * From version 4 of ListOffsets on, the mock of librdkafka 2.0 answers with eight bytes where four belong. Clients ask for what a
 * broker knows at the address they were given first; so that is ours, and there the mock knows version 3.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { Cable } from "@cantle/messaging/conformance";

/** Why tests with the mock cluster are left out here; undefined when they are not. */
export const missing: string | undefined =
  spawnSync("kcat", ["-V"]).error === undefined ? undefined : "needs kcat: apt-get install -y kcat";

const saidMax = 10_000;

/** A running cluster. */
export class TestCluster {
  /** `host:port` of its brokers, after commas. */
  readonly servers: string;
  readonly #child: ChildProcess;
  readonly #door: Cable;

  private constructor(child: ChildProcess, servers: string, door: Cable) {
    this.#child = child;
    this.servers = servers;
    this.#door = door;
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
    const servers = await told.promise;
    const [first = ""] = servers.split(",");
    return new TestCluster(child, servers, await Cable.lay(first, withOldListOffsets));
  }

  get url(): string {
    return `kafka://${this.#door.address}`;
  }

  async remove(): Promise<void> {
    this.#door.cut();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

/** Kafka's number of ListOffsets, its first version and its last, as an answer to ApiVersions has them. */
const listOffsets = Buffer.from([0, 2, 0, 0, 0, 5]);

function withOldListOffsets(chunk: Buffer): Buffer {
  const at = chunk.indexOf(listOffsets);
  if (at >= 0) chunk[at + listOffsets.length - 1] = 3;
  return chunk;
}
