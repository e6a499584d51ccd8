/** Ours: the whole outbound recipe around an endpoint that answers at once: deadline, retries, balancing, what else there is. */
import { Call, newTrace } from "@cantle/core";
import { outbound, type Policy } from "@cantle/mesh";
import { driver } from "../harness/drive.ts";
import type { Part } from "../harness/part.ts";
import { orders } from "../subject/contract.ts";
import { meshOf } from "../subject/mesh.ts";

/** Calls it, by the policy that everybody gets and what is given beyond that. */
export async function start(policy: Policy = {}): Promise<Part> {
  const reply = { kind: "value", value: "answered" } as const;
  const mesh = meshOf(() => async () => reply, { "*": policy });
  const endpoint = { service: "orders", version: "1.0.0", state: "ready" } as const;
  mesh.resolver.set("orders", [
    { ...endpoint, id: "orders-1", address: "tcp://127.0.0.1:1" },
    { ...endpoint, id: "orders-2", address: "tcp://127.0.0.1:2" },
  ]);
  const operation = orders.operations.read;
  const handle = outbound(operation, mesh);
  const peer = { service: "bench", uses: "*" } as const;
  const payload = { kind: "value", value: {} } as const;
  const call = () =>
    handle(new Call(operation, { payload, peer, trace: newTrace(mesh.random), deadlineMs: Number.POSITIVE_INFINITY }));
  return { drive: driver(call), stop() {} };
}
