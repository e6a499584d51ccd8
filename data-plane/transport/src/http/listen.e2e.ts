/** What is particular to a service's listener; what all transports share is `http.e2e.ts`, what all edges withstand `hardening.e2e.ts`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytes, contract, get, put } from "@cantle/contract";
import { Call, CantleError, type Handler, isCantleError, type Operation, systemClock } from "@cantle/core";
import { z } from "zod";
import type { Doors } from "../transport.ts";
import { dialHttp } from "./dial.ts";
import { listenHttp } from "./listen.ts";

const input = z.object({ id: z.string() });
const { operations } = contract("users", {
  version: "1.0.0",
  operations: {
    me: get("/users/me", { output: z.string() }),
    read: get("/users/{id}", { input, output: z.string() }),
    photo: put("/users/{id}/photo", { input, upload: bytes({ maxBytes: 10, types: ["image/*"] }) }),
  },
});

const handle: Handler = async (call) => {
  if (call.upload) for await (const chunk of call.upload.chunks) assert.ok(chunk);
  return { kind: "value", value: call.operation.status === 204 ? undefined : call.operation.name };
};

async function start() {
  let asked = 0;
  const served = new Map(
    Object.values(operations).map((operation: Operation) => [operation.name, { operation, handle }]),
  );
  const doors: Doors = {
    find: (service, name) => (service === "users" ? served.get(name) : undefined),
    list: () => [...served.values()],
    peerOf(token, service) {
      asked++;
      if (token !== undefined && token !== "token") throw new CantleError("PEER_REFUSED", "no");
      return { service, uses: "*" };
    },
    callerOf: (assertion) => ({ id: assertion, roles: [], assertion }),
  };
  const listener = await listenHttp(doors, { clock: systemClock });
  return {
    url: listener.address,
    asked: () => asked,
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

describe("a service's HTTP listener", () => {
  test("answers anybody by method and path, with fetch", async () => {
    await using service = await start();
    const answer = await fetch(`${service.url}/users/me`);
    assert.deepEqual(
      [answer.status, answer.headers.get("content-type"), await answer.json()],
      [200, "application/json; charset=utf-8", "me"],
    );
    assert.equal(await (await fetch(`${service.url}/users/you`)).json(), "read");
    const missing = await fetch(`${service.url}/nowhere`);
    assert.deepEqual([missing.status, missing.headers.get("content-type")], [404, "application/problem+json"]);
    assert.equal(((await missing.json()) as { code: string }).code, "ROUTE_UNKNOWN");
  });

  test("a caller that names its operation is never given another's, whatever its parameters say", async () => {
    await using service = await start();
    const connection = dialHttp(service.url, { clock: systemClock, token: () => "token" });
    for (const id of ["me", "..", ".", "", "a/b", "%2e", "ü\u0000\n", "?x", "#", "\\", " "]) {
      const reply = await connection.handle(callOf(operations.read, { id }));
      assert.ok(reply.kind === "bytes");
      assert.equal(Buffer.from(reply.bytes).toString(), '"read"', id);
    }
    await connection.close();
  });

  test("a request that does not fit the operation it names is refused", async () => {
    await using service = await start();
    for (const [path, named, status] of [
      ["/users/me", "users.read@1.0.0", 200],
      ["/users/1/2", "users.read@1.0.0", 400],
      ["/users/1", "users.me@1.0.0", 400],
      ["/users/1", "users.photo@1.0.0", 400],
      ["/users/1", "users.nothing@1.0.0", 404],
      ["/users/1", "users.__proto__@1.0.0", 404],
      ["/users/1", "users.read", 404],
      ["/users/1", "", 404],
    ] as const) {
      const answer = await fetch(service.url + path, { headers: { "cantle-operation": named } });
      assert.equal(answer.status, status, `${path} ${named}`);
      await answer.body?.cancel();
    }
  });

  test("asks who a peer is once per connection, and again for another token", async () => {
    await using service = await start();
    const connection = dialHttp(service.url, {
      clock: systemClock,
      token: () => "token",
      limits: { connectionsMax: 1 },
    });
    for (let round = 0; round < 5; round++) await connection.handle(callOf(operations.me));
    assert.equal(service.asked(), 1);
    await connection.close();
    const forged = dialHttp(service.url, { clock: systemClock, token: () => "forged" });
    await assert.rejects(
      forged.handle(callOf(operations.me)),
      (error) => isCantleError(error) && error.code === "PEER_REFUSED",
    );
    await forged.close();
  });

  test("uploads are refused by their type before, and by their size while they flow", async () => {
    await using service = await start();
    const put = async (type: string | undefined, body: string | ReadableStream) => {
      const headers = type === undefined ? undefined : { "content-type": type };
      const answer = await fetch(`${service.url}/users/1/photo`, {
        method: "PUT",
        body,
        duplex: "half",
        ...(headers && { headers }),
      } as RequestInit);
      await answer.body?.cancel();
      return answer.status;
    };
    const flowing = (length: number) => new Blob(["x".repeat(length)]).stream();
    assert.equal(await put("image/png", "1234567890"), 204);
    assert.equal(await put("image/png; q=1", flowing(10)), 204);
    assert.equal(await put("image/png", "12345678901"), 413);
    assert.equal(await put("image/png", flowing(11)), 413);
    for (const type of ["text/plain", "image", "image/png, text/html", undefined])
      assert.equal(await put(type, "1"), 415, type);
  });

  test("does not listen beyond this host", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"]) {
      await assert.rejects(
        listenHttp({ list: () => [] } as unknown as Doors, { clock: systemClock, host }),
        (error) => isCantleError(error) && error.code === "BIND_REFUSED",
        host,
      );
    }
  });

  test("says so when the port is taken", async () => {
    await using service = await start();
    const port = Number(new URL(service.url).port);
    await assert.rejects(
      listenHttp({ list: () => [] } as unknown as Doors, { clock: systemClock, port }),
      (error) => isCantleError(error) && error.code === "PORT_BUSY",
    );
  });
});

function callOf(operation: Operation, value: unknown = {}): Call {
  return new Call(operation, {
    payload: { kind: "value", value },
    peer: { service: "orders", uses: "*" },
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: false },
    deadlineMs: Number.POSITIVE_INFINITY,
  });
}
