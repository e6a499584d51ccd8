import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Call, createDeadlines, newTrace, type Peer, seededRandom } from "@cantle/core";
import { staticResolver } from "@cantle/mesh";
import { runService } from "@cantle/service";
import { createLogger } from "@cantle/telemetry";
import { testIssuer } from "./fixture.ts";
import { identityService } from "./service.ts";

const refused = (failure: string) => ({ code: "DECLARED", failure });

/** The running service; calls go in by its front door, with all that the mesh does there. */
async function start(test: TestContext) {
  const made = await testIssuer(test);
  const random = seededRandom(1);
  const lines: string[] = [];
  const log = createLogger((_, message, fields) => lines.push(`${message} ${Object.values(fields).join(" ")}`));
  const host = {
    clock: made.clock,
    random,
    deadlines: createDeadlines(made.clock),
    log,
    resolver: staticResolver(),
    dial: () => assert.fail("identity calls nobody"),
    config: {},
    engineOf: () => assert.fail("identity owns nothing"),
  };
  const service = await runService(identityService(made.issuer), host);
  test.after(() => service.stop());
  async function call(name: string, peer: Peer, input?: unknown): Promise<any> {
    const served = service.served.find(({ operation }) => operation.name === name);
    assert.ok(served);
    const payload = { kind: "bytes", bytes: Buffer.from(JSON.stringify(input ?? {})) } as const;
    const reply = await served.handle(
      new Call(served.operation, { payload, peer, trace: newTrace(random), deadlineMs: Number.POSITIVE_INFINITY }),
    );
    return reply.kind === "value" ? reply.value : assert.fail("a value");
  }
  const operations = service.served.map(({ operation }) => operation);
  return { ...made, lines, call, operations };
}

const as = (service: string): Peer => ({ service, uses: new Set(["identity"]) });

describe("the identity service", () => {
  const may: readonly [operation: string, peer: string, allowed: boolean][] = [
    ["mint", "accounts", true],
    ["mint", "gateway", true],
    ["mint", "host", false],
    ["exchange", "gateway", true],
    ["exchange", "accounts", false],
    ["exchange", "host", false],
    ["exchange", "Gateway", false],
    ["unit", "host", true],
    ["unit", "accounts", false],
    ["unit", "gateway", false],
    ["keys", "accounts", true],
    ["keys", "host", true],
  ];
  for (const [operation, peer, allowed] of may) {
    it(`${allowed ? "lets" : "does not let"} ${peer} call ${operation}`, async (test) => {
      const { issuer, call } = await start(test);
      const { token } = await issuer.mint({ subject: "ada" });
      const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
      const inputs: Record<string, unknown> = {
        mint: { subject: "ada" },
        exchange: { token },
        unit: { proof, instance: "web-1", uses: { posts: [] } },
      };
      const answer = call(operation, as(peer), inputs[operation]);
      if (allowed) assert.ok(await answer);
      else await assert.rejects(answer, refused("NotAllowed"));
    });
  }

  it("refuses everything to a peer that did not declare it, and shows nothing at a gateway", async (test) => {
    const { call, operations } = await start(test);
    assert.ok(operations.length >= 4);
    for (const { name, access } of operations) {
      assert.equal(access, undefined, name);
      await assert.rejects(
        call(name, { service: "posts", uses: new Set(["accounts"]) }),
        { code: "PEER_REFUSED" },
        name,
      );
    }
  });

  it("mints what its verifiers accept", async (test) => {
    const { call, verifier } = await start(test);
    const { token } = await call("mint", as("accounts"), { subject: "ada", roles: ["editor"], ttl: "15m" });
    assert.deepEqual(await verifier().user(token), { id: "ada", roles: ["editor"], assertion: "" });
  });

  it("publishes keys by which others verify", async (test) => {
    const { call, issuer, verifier } = await start(test);
    const remote = verifier({ keys: () => call("keys", as("host")) });
    assert.equal((await remote.user((await issuer.mint({ subject: "ada" })).token)).id, "ada");
  });

  it("declares its refusals, and tells why in its log without the token", async (test) => {
    const { call, issuer, lines } = await start(test);
    const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
    const assertion = (await issuer.exchange((await issuer.mint({ subject: "ada" })).token)).token;
    await assert.rejects(call("exchange", as("gateway"), { token: assertion }), {
      ...refused("TokenRefused"),
      status: 401,
    });
    await assert.rejects(
      call("unit", as("host"), { proof, instance: "web-1", uses: { accounts: [] } }),
      refused("NotAllowed"),
    );
    await assert.rejects(call("mint", as("accounts"), { subject: "ada", ttl: "48h" }), refused("NotPossible"));
    assert.equal(lines.length, 3);
    for (const line of lines) assert.ok(!line.includes(assertion) && !line.includes(proof));
  });

  it("refuses what is no request at all", async (test) => {
    const { call } = await start(test);
    const wrong: readonly [operation: string, input: unknown][] = [
      ["mint", {}],
      ["mint", { subject: "" }],
      ["mint", { subject: "x".repeat(257) }],
      ["mint", { subject: "ada", roles: "admin" }],
      ["mint", { subject: "ada", roles: Array(33).fill("x") }],
      ["mint", { subject: "ada", ttl: "soon" }],
      ["mint", { subject: "ada", ttl: "-1h" }],
      ["mint", { subject: "ada", ttl: 3600 }],
    ];
    for (const [operation, input] of wrong)
      await assert.rejects(
        call(operation, as("accounts"), input),
        { code: "INPUT_INVALID" },
        JSON.stringify(input).slice(0, 60),
      );
  });
});
