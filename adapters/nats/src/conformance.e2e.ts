import { after, before, test } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import type { Broker } from "@cantle/messaging";
import { brokerConformance, Cable } from "@cantle/messaging/conformance";
import { silentLogger } from "@cantle/telemetry";
import { nats } from "./engine.ts";
import { missing, TestServer } from "./test-server.ts";

if (missing !== undefined) test("NATS JetStream does what a broker must", { skip: missing }, () => {});
else {
  let server: TestServer;
  before(async () => {
    server = await TestServer.start();
  });
  after(() => server.remove());

  brokerConformance("NATS JetStream", async (t) => {
    const opened: Broker[] = [];
    const cables: Cable[] = [];
    const open = async () => {
      const cable = await Cable.lay(server.address);
      cables.push(cable);
      const options = { url: `nats://${cable.address}`, clock: systemClock, random: systemRandom(), log: silentLogger };
      const broker = await nats.open(options);
      opened.push(broker);
      return broker;
    };
    t.after(async () => {
      await Promise.all(opened.map((broker) => broker.close()));
      for (const cable of cables) cable.cut();
    });
    const broker = await open();
    return {
      broker,
      clock: systemClock,
      reopen: async () => {
        await opened.at(-1)?.close();
        return open();
      },
      crash: async () => {
        cables.at(-1)?.cut();
        return open();
      },
    };
  });
}
