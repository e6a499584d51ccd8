import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { contract, get, isFailure } from "@cantle/contract";
import { createDeadlines, systemClock, systemRandom } from "@cantle/core";
import { staticResolver } from "@cantle/mesh";
import { clientAs } from "@cantle/service";
import { external, system } from "@cantle/system";
import { silentLogger } from "@cantle/telemetry";
import { z } from "zod";
import { connectForeign } from "./external-dial.ts";

const weather = contract("weather", {
  version: "1.0.0",
  operations: {
    read: get("/weather/{city}", {
      input: z.object({ city: z.string() }),
      output: z.object({ celsius: z.number() }),
      errors: { NoSuchCity: { status: 404, data: z.object({ nearest: z.string() }) } },
    }),
    follow: get("/changes", { stream: z.object({ celsius: z.number() }) }),
  },
});
const caller = { id: "ann", roles: [], assertion: "assertion-of-ann" };

/** What the first request is answered with. */
interface FirstAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A foreign program that answers with `text`, and a typed client of it, as a service of the system has one. */
async function foreign(
  status: number,
  text: string,
  { type = "application/json", first }: { readonly type?: string; readonly first?: FirstAnswer } = {},
) {
  const seen: IncomingHttpHeaders[] = [];
  const program = createServer((request, response) => {
    seen.push(request.headers);
    const refused = seen.length === 1 ? first : undefined;
    response
      .writeHead(refused?.status ?? status, { "content-type": type, ...refused?.headers })
      .end(refused ? "" : text);
  });
  await new Promise<void>((resolve) => void program.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(program.address() as AddressInfo).port}`;
  const shop = system("shop", { services: { weather: external({ command: "weather", contract: weather }) } });
  const connect = connectForeign(shop, systemClock, () => assert.fail("it is dialled as one of ours"));
  const connection = connect(address, "weather");
  const resolver = staticResolver();
  resolver.set("weather", [{ id: "weather-1", service: "weather", version: "1.0.0", state: "ready", address }]);
  const mesh = {
    clock: systemClock,
    random: systemRandom(),
    deadlines: createDeadlines(systemClock),
    log: silentLogger,
    resolver,
    dial: () => connection.handle,
  };
  return {
    seen,
    client: clientAs(weather, { service: "catalog", uses: new Set(["weather"]) }, { ...mesh, caller }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await new Promise((resolve) => void program.close(resolve));
    },
  };
}

test("a foreign program is told the trace, the deadline and the user, and never who it is that calls", async () => {
  await using it = await foreign(200, '{"celsius":11}');
  await it.client.read({ city: "Bergen" });
  const [headers = {}] = it.seen;
  assert.match(String(headers.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  assert.match(String(headers["cantle-timeout-ms"]), /^\d+$/);
  assert.equal(headers["cantle-caller"], "assertion-of-ann");
  for (const secret of ["cantle-peer", "cantle-service", "cantle-operation"]) assert.equal(headers[secret], undefined);
});

test("members that the contract does not know are dropped", async () => {
  await using it = await foreign(200, '{"celsius":11,"password":"secret"}');
  assert.deepEqual(await it.client.read({ city: "Bergen" }), { celsius: 11 });
});

test("an answer that does not fit the contract is an error, and no value", async () => {
  for (const text of ['{"celsius":"warm"}', "null", "[]", ""]) {
    await using it = await foreign(200, text);
    await assert.rejects(it.client.read({ city: "Bergen" }), { code: "OUTPUT_INVALID" }, text);
  }
});

test("a declared failure arrives as it was declared, or not at all", async () => {
  await using good = await foreign(404, '{"nearest":"Oslo","more":1}');
  await assert.rejects(good.client.read({ city: "Bergn" }), (error) => {
    assert.ok(isFailure(error, weather.operations.read, "NoSuchCity"));
    assert.deepEqual(error.data, { nearest: "Oslo" });
    return true;
  });
  await using bad = await foreign(404, '{"detail":"not found"}');
  await assert.rejects(bad.client.read({ city: "Bergn" }), { code: "OUTPUT_INVALID" });
});

test("each item of a stream is held against the contract", async () => {
  const text = 'data: {"celsius":1,"more":2}\n\ndata: {"celsius":"warm"}\n\n';
  await using it = await foreign(200, text, { type: "text/event-stream" });
  const taken: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const item of await it.client.follow()) taken.push(item);
    },
    { code: "OUTPUT_INVALID" },
  );
  assert.deepEqual(taken, [{ celsius: 1 }]);
});

for (const status of [429, 503])
  test(`a program that answers ${status} with Retry-After is left alone for so long, and then asked again`, async () => {
    const first = { status, headers: { "retry-after": "1" } };
    await using it = await foreign(200, '{"celsius":11}', { first });
    const sinceMs = systemClock.nowMs();
    const answer = it.client.read({ city: "oslo" });
    if (status === 503) {
      // Nobody knows whether it was begun, so it is for the caller to come back.
      await assert.rejects(answer, { code: "UNAVAILABLE", retryAfterSeconds: 1 });
      assert.equal(it.seen.length, 1);
    } else {
      assert.deepEqual(await answer, { celsius: 11 });
      assert.equal(it.seen.length, 2);
      assert.ok(systemClock.nowMs() - sinceMs >= 1_000, "not before it said");
    }
  });
