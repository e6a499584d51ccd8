/** Ours, over the wire: the outbound recipe here, the inbound one there. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@cantle/core";
import type { Policy } from "@cantle/mesh";
import { clientAs } from "@cantle/service";
import { dialWire, listenWire } from "@cantle/transport";
import type { Part } from "../harness/part.ts";
import { orders } from "../subject/contract.ts";
import { meshOf, openDoors, runAlone } from "../subject/mesh.ts";
import { smallOrder } from "../subject/orders.ts";
import definition from "../subject/service.ts";
import type { Caller } from "./sides.ts";

/** Serves over TCP, as between hosts, or over a Unix socket, as the supervisor has it on one. */
export async function serve(over: "tcp" | "unix", policy: Policy = {}): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-bench-"));
  const mesh = meshOf(() => () => Promise.reject(new Error("it calls nobody")), { "*": policy });
  const running = await runAlone(definition, mesh);
  const address = over === "tcp" ? "tcp://127.0.0.1:0" : `unix:${join(folder, "orders.sock")}`;
  const options = { clock: systemClock, random: systemRandom() };
  const listener = await listenWire(address, openDoors(running), options);
  return {
    at: listener.address,
    async stop() {
      await listener.stop(0);
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Calls in the name of another service. */
export async function connect(address: string, policy: Policy = {}): Promise<Caller> {
  const connection = dialWire(address, { clock: systemClock, token: undefined, services: ["bench"] });
  const mesh = meshOf(() => connection.handle, { "*": policy });
  mesh.resolver.set("orders", [{ id: "orders-1", service: "orders", version: "1.0.0", state: "ready", address }]);
  const client = clientAs(orders, { service: "bench", uses: new Set(["orders"]) }, mesh);
  return { call: () => client.quote(smallOrder), close: () => connection.close() };
}
