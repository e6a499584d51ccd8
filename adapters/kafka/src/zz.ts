import { systemClock, systemRandom } from "@cantle/core";
import { silentLogger } from "@cantle/telemetry";
import { openConnection } from "./connection.ts";
import { locationOf } from "./url.ts";
import { TestCluster } from "./test-cluster.ts";
const c = await TestCluster.start();
console.log(c.url);
const log = { ...silentLogger, debug: console.log } as never;
try { const o = await openConnection(locationOf(c.url), { clock: systemClock, random: systemRandom(), log }); console.log("ok"); await o.close(); } catch (e: any) { console.log(e, e.cause?.errors ?? e.cause); }
await c.remove();
