import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Call, type CallStart, createDeadlines, newTrace, type Peer, type Reply, seededRandom } from "@cantle/core";
import { staticResolver } from "@cantle/mesh";
import { runService } from "@cantle/service";
import { silentLogger } from "@cantle/telemetry";
import { announced, ownerOf } from "./fixture.ts";
import type { Owner } from "./instance.ts";
import { promiseClock } from "./promise-clock.ts";
import { createRegistry } from "./registry.ts";
import { registryService } from "./service.ts";

/** A peer as a unit token makes one: it carries its owner. */
interface UnitPeer extends Peer {
  readonly owner?: Owner;
}
const unit = (instance: string): UnitPeer => ({
  service: "host",
  uses: new Set(["registry"]),
  owner: ownerOf(instance),
});
const nobody: UnitPeer = { service: "posts", uses: new Set(["registry"]) };
const stranger: UnitPeer = { service: "posts", uses: new Set(["accounts"]), owner: ownerOf("web-1") };

/** The running service; calls go in by its front door, with all that the mesh does there. */
async function start(test: TestContext) {
  const clock = promiseClock();
  const random = seededRandom(1);
  const running = createRegistry({ clock, log: silentLogger });
  const service = await runService(
    registryService(running, (peer: UnitPeer) => peer.owner),
    {
      clock,
      random,
      deadlines: createDeadlines(clock),
      log: silentLogger,
      resolver: staticResolver(),
      dial: () => assert.fail("the registry calls nobody"),
      config: {},
      engineOf: () => assert.fail("the registry owns nothing"),
    },
  );
  test.after(async () => {
    await service.stop();
    await running.stop();
  });
  const call = (name: string, peer: Peer, payload: CallStart["payload"]): Promise<Reply> => {
    const served = service.served.find(({ operation }) => operation.name === name);
    assert.ok(served);
    return served.handle(
      new Call(served.operation, { payload, peer, trace: newTrace(random), deadlineMs: Number.POSITIVE_INFINITY }),
    );
  };
  const json = (text: string): CallStart["payload"] => ({ kind: "bytes", bytes: Buffer.from(text) });
  return { running, call, json, operations: service.served.map(({ operation }) => operation) };
}

const refused = (failure: string) => ({ code: "DECLARED", failure });

describe("the registry service", () => {
  it("announces, beats, changes and ends for the unit that its peer is", async (test) => {
    const { running, call, json } = await start(test);
    const peer = unit("web-1");
    await call("register", peer, json(JSON.stringify({ instance: "web-1", services: [announced("web-1")] })));
    assert.deepEqual(running.list(), [{ instance: "web-1", unit: "web", services: [announced("web-1")] }]);
    const beat = await call("heartbeat", peer, json('{"instance":"web-1"}'));
    assert.deepEqual(beat.kind === "value" && beat.value, { known: true });
    await call("setState", peer, json('{"instance":"web-1","state":"draining"}'));
    assert.equal(running.list()[0]?.services[0]?.state, "draining");
    await call("deregister", peer, json('{"instance":"web-1"}'));
    assert.deepEqual(running.list(), []);
  });

  it("refuses everything to a peer that did not declare it, walked from the contract", async (test) => {
    const { call, json, operations } = await start(test);
    assert.ok(operations.length >= 6);
    for (const { name, access } of operations) {
      assert.equal(access, undefined, "nothing is shown at a gateway");
      await assert.rejects(call(name, stranger, json("{}")), { code: "PEER_REFUSED" }, name);
    }
  });

  it("takes no announcement from a peer that is no unit", async (test) => {
    const { call, json } = await start(test);
    const inputs = {
      register: { instance: "web-1", services: [announced("web-1")] },
      heartbeat: { instance: "web-1" },
      setState: { instance: "web-1", state: "ready" },
      deregister: { instance: "web-1" },
    };
    for (const [name, input] of Object.entries(inputs))
      await assert.rejects(call(name, nobody, json(JSON.stringify(input))), refused("LeaseRefused"), name);
  });

  it("tells one unit nothing by refusing it another's instance", async (test) => {
    const { call, json } = await start(test);
    await call("register", unit("web-1"), json(JSON.stringify({ instance: "web-1", services: [announced("web-1")] })));
    await assert.rejects(call("deregister", unit("web-2"), json('{"instance":"web-1"}')), refused("LeaseRefused"));
  });

  const hostile: readonly [title: string, text: string][] = [
    ["no JSON", "{"],
    ["no instance", '{"services":[]}'],
    ["no services", '{"instance":"web-1","services":[]}'],
    ["a name that begins with a dash", '{"instance":"-rf","services":[]}'],
    ["a name with markup", '{"instance":"<b>","services":[]}'],
    [
      "a state that is none",
      JSON.stringify({ instance: "web-1", services: [{ ...announced("web-1"), state: "idle" }] }),
    ],
    [
      "a version that is none",
      JSON.stringify({ instance: "web-1", services: [{ ...announced("web-1"), version: "latest" }] }),
    ],
    [
      "a key with a space in its metadata",
      JSON.stringify({ instance: "web-1", services: [{ ...announced("web-1"), metadata: { "a b": "x" } }] }),
    ],
    ["too many services", JSON.stringify({ instance: "web-1", services: Array(300).fill(announced("web-1")) })],
    [
      "a mebibyte of metadata",
      JSON.stringify({
        instance: "web-1",
        services: [{ ...announced("web-1"), metadata: { a: "x".repeat(1024 * 1024) } }],
      }),
    ],
  ];
  for (const [title, text] of hostile) {
    it(`refuses an announcement with ${title}`, async (test) => {
      const { running, call, json } = await start(test);
      await assert.rejects(call("register", unit("web-1"), json(text)), (error: { code: string }) =>
        ["INPUT_INVALID", "BODY_MALFORMED", "BODY_TOO_LARGE"].includes(error.code),
      );
      assert.deepEqual(running.list(), []);
    });
  }

  it("says what is wrong with an address", async (test) => {
    const { call, json } = await start(test);
    const services = [{ ...announced("web-1"), addresses: ["http://169.254.169.254:80"] }];
    await assert.rejects(call("register", unit("web-1"), json(JSON.stringify({ instance: "web-1", services }))), {
      ...refused("NotAnnounceable"),
      status: 422,
      data: {
        errors: { "services.0.addresses": ["'http://169.254.169.254:80' is an address of nobody in particular"] },
      },
    });
  });

  it("takes names that every object has for plain data, or drops them", async (test) => {
    const { running, call, json } = await start(test);
    const metadata = '{"__proto__":{"polluted":"1"},"constructor":"plain"}';
    const text = JSON.stringify({ instance: "web-1", services: [announced("web-1")] }).replace(
      '"metadata":{}',
      `"metadata":${metadata}`,
    );
    await call("register", unit("web-1"), json(text)).catch(() => {});
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    for (const { services } of running.list())
      assert.deepEqual(Object.entries(services[0]?.metadata ?? {}), [["constructor", "plain"]]);
  });

  it("streams how things stand, then what changes, until the watcher goes", async (test) => {
    const { running, call } = await start(test);
    const reply = await call("watch", unit("web-1"), { kind: "value", value: undefined });
    assert.ok(reply.kind === "items");
    const items = reply.items[Symbol.asyncIterator]();
    assert.deepEqual((await items.next()).value, { kind: "snapshot", first: true, last: true, instances: [] });
    running.register(ownerOf("web-1"), { instance: "web-1", services: [announced("web-1")] });
    assert.deepEqual((await items.next()).value, { kind: "changed", put: running.list(), gone: [] });
    await items.return?.();
    assert.equal((await items.next()).done, true);
  });
});
