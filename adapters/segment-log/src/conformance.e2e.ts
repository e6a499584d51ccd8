/** The engine on a real disk and the machine's clock, closed properly or cut off as by `kill -9`. */
import type { TestContext } from "node:test";
import { systemClock, systemRandom } from "@cantle/core";
import type { Broker } from "@cantle/messaging";
import { brokerConformance } from "@cantle/messaging/conformance";
import { silentLogger } from "@cantle/telemetry";
import { createSegmentLog } from "./engine.ts";
import { copyOf, newFolder } from "./temporary.ts";

const engine = createSegmentLog({ reserveBytes: 4096 });

brokerConformance("embedded", async (test: TestContext) => {
  let folder = newFolder(test);
  const open = async (): Promise<Broker> => {
    const clock = systemClock;
    const broker = await engine.open({
      url: `segment-log:${folder}`,
      clock,
      random: systemRandom(),
      log: silentLogger,
    });
    test.after(() => broker.close());
    return broker;
  };
  const broker = await open();
  let last = broker;
  const reopen = async () => {
    await last.close();
    last = await open();
    return last;
  };
  const crash = async () => {
    folder = copyOf(test, folder);
    last = await open();
    return last;
  };
  return { broker, clock: systemClock, reopen, crash };
});
