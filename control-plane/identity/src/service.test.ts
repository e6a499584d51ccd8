import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testIssuer } from "./fixture.ts";
import { identityService } from "./service.ts";

type Handler = (input: unknown, context: object) => Promise<any>;

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
      const { issuer } = await testIssuer(test);
      const { token } = await issuer.mint({ subject: "ada" });
      const { token: proof } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
      const inputs: Record<string, unknown> = {
        mint: { subject: "ada", roles: [] },
        exchange: { token },
        unit: { proof, instance: "web-1", uses: { posts: [] } },
      };
      const handler = identityService(issuer).handlers[operation] as Handler;
      const answer = handler(inputs[operation], { peer: { service: peer, uses: new Set(["identity"]) } });
      if (allowed) assert.ok(await answer);
      else await assert.rejects(answer, { code: "PEER_REFUSED" });
    });
  }

  it("shows nothing at a gateway", async (test) => {
    const { issuer } = await testIssuer(test);
    for (const operation of Object.values(identityService(issuer).contract.operations))
      assert.equal(operation.access, undefined);
  });
});
