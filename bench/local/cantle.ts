/** Ours, colocated: the caller and the service in one process, through both recipes of the mesh. */

import { contract, post } from "@cantle/contract";
import type { OutboundHost, Policy } from "@cantle/mesh";
import { clientAs, type RunningService, service } from "@cantle/service";
import { type DriveOrder, driver } from "../harness/drive.ts";
import type { Driven, Part } from "../harness/part.ts";
import { orders } from "../subject/contract.ts";
import { meshOf, runAlone } from "../subject/mesh.ts";
import { smallOrder } from "../subject/orders.ts";
import definition from "../subject/service.ts";

const peer = { service: "bench", uses: new Set(["orders", "driver"]) };

/** Called as a host or a test calls: there is no call that it is part of. */
export async function fromOutside(policy: Policy = {}): Promise<Part> {
  const { mesh } = await colocated(policy);
  const client = clientAs(orders, peer, mesh);
  return { drive: driver(() => client.quote(smallOrder)), stop() {} };
}

/** Called by a handler, as services call: within its call, with what is left of its deadline. */
export async function fromHandler(): Promise<Part> {
  const { mesh, add } = await colocated();
  let order: DriveOrder;
  let driven: Driven;
  const driving = service(driverContract, {
    uses: { orders },
    handlers: {
      async drive(_input, { orders }) {
        driven = await driver(() => orders.quote(smallOrder))(order);
      },
    },
  });
  add(await runAlone(driving, mesh));
  const client = clientAs(driverContract, peer, mesh);
  return {
    async drive(asked: DriveOrder) {
      order = asked;
      await client.drive();
      return driven;
    },
    stop() {},
  };
}

/** Without schemas: a validator that knows only the shapes of the floor is as fast here as there. */
const driverContract = contract("driver", {
  version: "1.0.0",
  operations: { drive: post("/drive", { timeoutMs: 60_000 }) },
});

/** A mesh with the orders service in its own process. */
async function colocated(policy: Policy = {}): Promise<{ mesh: OutboundHost; add: (running: RunningService) => void }> {
  const handlers = new Map<unknown, RunningService["served"][number]["handle"]>();
  const mesh = meshOf(() => (call) => handlers.get(call.operation)!(call), { "*": policy });
  function add({ definition, served }: RunningService): void {
    const { name, version } = definition.contract;
    for (const { operation, handle } of served) handlers.set(operation, handle);
    mesh.resolver.set(name, [{ id: name, service: name, version, state: "ready", address: "memory:bench" }]);
  }
  add(await runAlone(definition, mesh));
  return { mesh, add };
}
