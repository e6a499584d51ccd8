/** A broker behind its contract on a real socket, and peers that call it; for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type BaseContext, type Client, clientOf, failOf } from "@cantle/contract";
import { Call, createDeadlines, newTrace, type Operation, type Peer, systemClock, systemRandom } from "@cantle/core";
import { inbound } from "@cantle/mesh";
import { silentLogger } from "@cantle/telemetry";
import { type Connection, dialWire, listenWire, type Served } from "@cantle/transport";
import type { Broker } from "../broker.ts";
import { type BrokerContract, brokerContract } from "./contract.ts";
import { brokerHandlers, type ServedBroker } from "./handlers.ts";

const clock = systemClock;
const random = systemRandom();
const mesh = { clock, random, deadlines: createDeadlines(clock), log: silentLogger };

/** A broker that is served. */
export interface ServedFixture {
  readonly address: string;
  readonly served: ServedBroker;
  /** Breaks all connections, without a word to anybody. */
  stop(): Promise<void>;
}

/** Serves a broker; `peers` says who may be who. */
export async function serveBroker(
  t: TestContext,
  broker: Broker,
  options: { readonly peers?: readonly Peer[]; readonly address?: string } = {},
): Promise<ServedFixture> {
  const { peers = [{ service: "host", uses: "*" }], address = `unix:${join(await folderOf(t), "broker.sock")}` } =
    options;
  const served = brokerHandlers(broker, { clock, random });
  const operations = Object.values(brokerContract.operations).map((operation) => serve(operation, served));
  const listener = await listenWire(
    address,
    {
      find: (_service, name) => operations.find(({ operation }) => operation.name === name),
      list: () => operations,
      peerOf: (_token, service) => peers.find((peer) => peer.service === service) as Peer,
      callerOf: () => {
        throw new TypeError("nobody calls for a user here");
      },
    },
    { clock, random },
  );
  t.after(() => listener.stop(0));
  return { address, served, stop: () => listener.stop(0) };
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

function serve(operation: Operation, { handlers }: ServedBroker): Served {
  const handler = handlers[operation.name as keyof BrokerContract["operations"]] as (
    input: unknown,
    context: BaseContext,
  ) => unknown;
  const fail = failOf(operation);
  const work = (input: unknown, call: Call) => {
    const { signal, peer, idempotencyKey, baggage = {} } = call;
    const context = { ...mesh, signal, peer, idempotencyKey, baggage, fail, caller: undefined };
    return handler(input, context);
  };
  return { operation, handle: inbound(operation, mesh, work) };
}

/** A client in the name of a peer, which connects again when its connection broke. */
export function connectAs(t: TestContext, address: string, service = "host"): Client<BrokerContract> {
  let connection: Connection | undefined;
  t.after(() => connection?.close());
  const connected = () => {
    if (connection === undefined || connection.state === "closed")
      connection = dialWire(address, { clock, token: "t", services: [service] });
    return connection;
  };
  return clientOf(brokerContract, (operation) => (value) => {
    const call = new Call(operation, {
      payload: { kind: "value", value },
      peer: { service, uses: "*" },
      trace: newTrace(random),
      deadlineMs: clock.nowMs() + operation.timeoutMs,
    });
    return connected().handle(call);
  });
}
