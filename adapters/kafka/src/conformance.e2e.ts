import { after, before, test } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import { brokerConformance } from "@cantle/messaging/conformance";
import { silentLogger } from "@cantle/telemetry";
import { createKafkaEngine } from "./engine.ts";
import { missing, TestCluster } from "./test-cluster.ts";

/** What librdkafka's mock does not know, so that only a real cluster can show it. */
const notOnTheMock = new Map([
  ["begins with what was stored at a moment or later", "the mock cluster cannot search by time"],
  ["is forgotten on request, and new when it comes back", "the mock cluster cannot delete groups"],
]);

if (missing !== undefined) test("Kafka does what a broker of topics must", { skip: missing }, () => {});
else {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());

  // Order across keys is no promise of Kafka's; with one partition there is one order, which is what the suite looks at.
  const engine = createKafkaEngine({ partitionOf: () => 0 });

  brokerConformance("Kafka, on a mock cluster", async (t) => {
    const lack = notOnTheMock.get(t.name);
    if (lack !== undefined) t.todo(lack);
    const options = { url: cluster.url, clock: systemClock, random: systemRandom(), log: silentLogger };
    const broker = await engine.open(options);
    t.after(() => broker.close());
    return { broker, clock: systemClock };
  });
}
