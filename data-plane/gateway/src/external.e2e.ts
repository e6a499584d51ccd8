/** Programs behind the gateway that keep no contract. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { contract, get } from "@cantle/contract";
import { systemClock } from "@cantle/core";
import type { External } from "./external.ts";
import { listenGateway } from "./gateway.ts";
import type { GatewayOptions } from "./options.ts";
import { staticTokens } from "./tokens.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const things = contract("things", {
  version: "1.0.0",
  operations: { own: get("/legacy/own", { access: "public" }), inner: get("/legacy/inner", {}) },
});

/** A program as a raw socket, and a gateway before it. `answer` is what it sends for each packet it gets. */
async function start(
  answer: string | ((request: string, socket: Socket) => string) = ok,
  rest: Partial<External> & { options?: Partial<GatewayOptions> } = {},
) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const program = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    socket.on("data", (chunk) => {
      const request = chunk.toString("latin1");
      requests.push(request);
      socket.write(typeof answer === "string" ? answer : answer(request, socket), "latin1");
    });
  });
  await new Promise<void>((resolve) => void program.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(program.address() as AddressInfo).port}`;
  const { options, ...external } = rest;
  const gateway = await listenGateway({
    mounts: [things],
    send: () => async () => ({ kind: "value", value: undefined }),
    clock: systemClock,
    tokens: staticTokens({ good: { id: "ann", roles: [], assertion: "assertion-of-ann" } }),
    externals: [{ route: "/legacy", service: "legacy", access: "public", pick: () => `${origin}/base`, ...external }],
    ...options,
  });
  return {
    port: gateway.port,
    url: gateway.address,
    requests,
    sockets,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      await gateway.stop(0);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void program.close(resolve));
    },
  };
}

/** Writes bytes on a connection of its own, which the request asks to close; answers with all that came. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {}).on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.write(bytes, "latin1");
  });
}

const get_ = (path: string, ...fields: string[]) =>
  ["GET ".concat(path, " HTTP/1.1"), "Host: front", "Connection: close", ...fields, "", ""].join("\r\n");
const targetOf = (request: string | undefined) => request?.split("\r\n")[0];

describe("a program behind the gateway", () => {
  test("gets any method and path below its route, as they came", async () => {
    await using front = await start();
    for (const [path, target] of [
      ["/legacy", "/base"],
      ["/legacy/", "/base/"],
      ["/legacy/a%20b/c;v=1/?q=%2F&x", "/base/a%20b/c;v=1/?q=%2F&x"],
      ["/legacy/own/x", "/base/own/x"],
      ["/legacy/inner", "/base/inner"],
    ] as const) {
      assert.match(await raw(front.port, get_(path)), /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\nok$/);
      assert.equal(targetOf(front.requests.at(-1)), `GET ${target} HTTP/1.1`);
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "OPTIONS"]) {
      assert.equal((await fetch(`${front.url}/legacy/x`, { method })).status, 200);
      assert.equal(targetOf(front.requests.at(-1)), `${method} /base/x HTTP/1.1`);
    }
  });

  test("gets nothing that is not below its route, and what an operation has is the operation's", async () => {
    await using front = await start();
    assert.match(await raw(front.port, get_("/legacy/own")), /^HTTP\/1\.1 204 /);
    for (const path of ["/", "/legac", "/legacyx", "/Legacy/x", "/%6cegacy/x", "/x/legacy"]) {
      assert.match(await raw(front.port, get_(path)), /^HTTP\/1\.1 404 /, path);
    }
    assert.equal(front.requests.length, 0);
  });

  test("cannot be asked for anything outside its base", async () => {
    await using front = await start();
    for (const rest of [
      "/..",
      "/../x",
      "/./x",
      "//x",
      "/%2e%2e/x",
      "/.%2e/x",
      "/..%2fx",
      "/%2e%2e%2fx",
      "/..\\x",
      "/..%5cx",
      "/..;/x",
      "/%252e%252e/x",
      "/%c0%ae%c0%ae/x",
      "/x%00",
      "/x#y",
    ]) {
      assert.match(await raw(front.port, get_(`/legacy${rest}`)), /^HTTP\/1\.1 400 /, rest);
    }
    assert.equal(front.requests.length, 0);
  });

  test("learns who asks from the gateway alone", async () => {
    await using front = await start();
    await raw(
      front.port,
      get_(
        "/legacy/x",
        "Authorization: Bearer good",
        "Cookie: a=b",
        "X-Forwarded-For: 1.2.3.4",
        "x-forwarded-host: evil",
        "X-Forwarded-Proto: https",
        "X_Forwarded_For: 1.2.3.4",
        "Forwarded: for=1.2.3.4",
        "Cantle-Caller: forged",
        "cantle_caller: forged",
        "CANTLE-PEER: forged",
        "cantle-operation: x.y@1.0.0",
        "X-Real-IP: 1.2.3.4",
        "TE: trailers",
        "Keep-Alive: x",
        "Connection: cantle-caller, x-forwarded-for, cookie",
        "Transfer_Encoding: chunked",
        "traceparent: forged",
      ),
    );
    const [request = ""] = front.requests;
    const fields = request
      .toLowerCase()
      .split("\r\n")
      .slice(1)
      .filter(Boolean)
      .map((line) => line.split(": ") as [string, string]);
    const { traceparent, host, ...rest } = Object.fromEntries(fields);
    assert.deepEqual(rest, {
      connection: "keep-alive",
      authorization: "bearer good",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "front",
      "x-forwarded-proto": "http",
      "x-forwarded-prefix": "/legacy",
      "cantle-caller": "assertion-of-ann",
    });
    assert.equal(fields.length, 9);
    assert.match(traceparent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.match(host ?? "", /^127\.0\.0\.1:\d+$/);
  });

  test("is protected like an operation", async () => {
    await using front = await start(ok, { access: "user" });
    assert.equal((await fetch(`${front.url}/legacy/x`)).status, 401);
    assert.equal((await fetch(`${front.url}/legacy/x`, { headers: { authorization: "Bearer bad" } })).status, 401);
    assert.equal((await fetch(`${front.url}/legacy/x`, { headers: { authorization: "Bearer good" } })).status, 200);
    await using roles = await start(ok, { access: { roles: ["admin"] } });
    assert.equal((await fetch(`${roles.url}/legacy/x`, { headers: { authorization: "Bearer good" } })).status, 403);
    assert.equal(roles.requests.length, 0);
  });

  test("gets no body that claims to be JSON and is none, or whose type cannot be read", async () => {
    await using front = await start();
    const post = async (type: string, body: string, headers = {}) =>
      (await fetch(`${front.url}/legacy/x`, { method: "POST", headers: { "content-type": type, ...headers }, body }))
        .status;
    for (const type of [
      "application/json",
      "application/json; charset=utf-16",
      "APPLICATION/JSON;x=y",
      "text/json",
      "application/problem+json",
    ]) {
      for (const body of ["{", "{}x", "{'a':1}", "[".repeat(100_000), `${"[".repeat(5_000)}${"]".repeat(5_000)}`, " "])
        assert.equal(await post(type, body), 400, `${type} ${body.slice(0, 9)}`);
    }
    for (const type of ["json", "application/json, text/plain", "application/json;", "a b/c"])
      assert.equal(await post(type, "{}"), 415, type);
    assert.equal(await post("application/json", "{}", { "content-encoding": "gzip" }), 415);
    assert.equal(await post("application/json", `"${"x".repeat(1 << 20)}"`), 413);
    assert.equal(front.requests.length, 0);
    assert.equal(await post("application/json", '{"a":1}'), 200);
    assert.match(front.requests.at(-1) ?? "", /\r\ncontent-length: 7\r\n\r\n{"a":1}$/);
    assert.equal(await post("text/plain", "{"), 200);
  });

  test("gets other bodies as they flow, up to a limit, with one length", async () => {
    await using front = await start(ok, { uploadBytesMax: 100 });
    const send = async (framing: string, body: string) =>
      (
        await raw(front.port, `POST /legacy/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framing}\r\n\r\n${body}`)
      ).slice(9, 12);
    assert.equal(await send("Content-Length: 3", "abc"), "200");
    assert.match(front.requests.join(""), /content-length: 3\r\n\r\nabc$/);
    assert.equal(await send("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"), "200");
    assert.match(front.requests.join(""), /transfer-encoding: chunked\r\n[\s\S]*3\r\nabc\r\n/);
    assert.equal(await send("Content-Length: 101", "x".repeat(101)), "413");
    assert.equal(await send("Transfer-Encoding: chunked", `65\r\n${"x".repeat(101)}\r\n0\r\n\r\n`), "413");
  });

  test("that is not there, or has no instance, is 502 or 503 with a code", async () => {
    await using none = await start(ok, { pick: () => undefined });
    const away = await fetch(`${none.url}/legacy/x`);
    assert.deepEqual(
      [away.status, away.headers.get("retry-after"), ((await away.json()) as { code: string }).code],
      [503, "1", "UNAVAILABLE"],
    );
    await using refused = await start(ok, { pick: () => "http://127.0.0.1:1" });
    const gone = await fetch(`${refused.url}/legacy/x`);
    assert.deepEqual([gone.status, ((await gone.json()) as { code: string }).code], [502, "CONNECT_FAILED"]);
  });

  test("that does not begin its answer in time is 504, and what it was doing is given up", async () => {
    await using front = await start(() => "", { timeoutMs: 50 });
    const late = await fetch(`${front.url}/legacy/x`);
    assert.deepEqual([late.status, ((await late.json()) as { code: string }).code], [504, "DEADLINE_EXCEEDED"]);
    await Promise.all([...front.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  });

  test("has its own fields in the answer, but not those of the hop or of the gateway", async () => {
    const fields =
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Own: yes\r\nCantle-Retried: 1\r\nConnection: x-hop\r\nX-Hop: 1\r\nProxy-Authenticate: x";
    await using front = await start(`HTTP/1.1 418 Teapot\r\n${fields}\r\nContent-Length: 2\r\n\r\nhi`);
    const answer = await fetch(`${front.url}/legacy/x`);
    assert.deepEqual(
      [answer.status, await answer.text(), answer.headers.getSetCookie(), answer.headers.get("x-own")],
      [418, "hi", ["a=1", "b=2"], "yes"],
    );
    for (const field of ["cantle-retried", "x-hop", "proxy-authenticate"])
      assert.equal(answer.headers.get(field), null, field);
  });

  test("may answer in a stream, without a length, with nothing, or to HEAD", async () => {
    const large = "x".repeat(500_000);
    await using front = await start((request) => {
      if (request.includes("/large")) return `HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`;
      if (request.includes("/chunked"))
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
      if (request.includes("/nothing")) return "HTTP/1.1 204 No Content\r\n\r\n";
      if (request.includes("/same")) return "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n";
      return "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
    });
    assert.equal((await (await fetch(`${front.url}/legacy/large`)).text()).length, large.length);
    assert.equal(await (await fetch(`${front.url}/legacy/chunked`)).text(), "abc");
    assert.equal((await fetch(`${front.url}/legacy/nothing`)).status, 204);
    assert.equal((await fetch(`${front.url}/legacy/same`)).headers.get("etag"), "x");
    const head = await fetch(`${front.url}/legacy/head`, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "7", ""]);
  });

  test("that misbehaves is 502, and the next client is unharmed", async () => {
    for (const bytes of [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
      `${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3)}${ok}`,
      `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
      "HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\nok",
      "nonsense\r\n\r\n",
    ]) {
      let first = true;
      await using front = await start(() => {
        const answer = first ? bytes : ok;
        first = false;
        return answer;
      });
      const answer = await raw(front.port, get_("/legacy/x"));
      assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*"code":"REPLY_MALFORMED"/, bytes.slice(0, 60));
      assert.match(await raw(front.port, get_("/legacy/x")), /^HTTP\/1\.1 200 [\s\S]*ok$/);
      assert.equal(front.accepted(), 2);
    }
  });

  test("is not asked for what its client no longer wants, and its connections come back", async () => {
    await using front = await start(() => "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf");
    for (let round = 0; round < 30; round++) {
      const socket = connect(front.port, "127.0.0.1");
      socket.write(get_("/legacy/x"));
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
    }
    await Promise.all([...front.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    assert.equal(front.sockets.size, 0);
    assert.equal(front.requests.length, 30);
  });

  test("is found by its longest route", async () => {
    await using front = await start();
    const to = (service: string, route: string) =>
      ({ route, service, access: "public", pick: () => `${front.url}/legacy/${service}` }) as const;
    await using outer = await start(ok, { options: { externals: [to("short", "/a"), to("long", "/a/b")] } });
    for (const [path, target] of [
      ["/a/b/c", "/base/long/c"],
      ["/a/bc", "/base/short/bc"],
      ["/a", "/base/short"],
    ] as const) {
      await raw(outer.port, get_(path));
      assert.equal(targetOf(front.requests.at(-1)), `GET ${target} HTTP/1.1`);
    }
  });

  test("is never tunnelled to", async () => {
    await using front = await start();
    const answer = await raw(
      front.port,
      get_("/legacy/x", "Connection: close, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x").replace(
        "Connection: close\r\n",
        "",
      ),
    );
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(front.requests[0] ?? "", /upgrade/i);
  });
});
