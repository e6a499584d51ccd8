import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Code, isCantleError, virtualClock } from "@cantle/core";
import { z } from "zod";
import { contract } from "./contract.ts";
import { bytes, del, get, post, put } from "./draft.ts";
import { isFailure } from "./failure.ts";
import { type ClientOptions, createClient } from "./fetch-client.ts";
import { printEvent } from "./server-sent-events.ts";

const Note = z.object({ id: z.string(), text: z.string() });
const ById = z.object({ id: z.string() });
const notes = contract("notes", {
  version: "1.0.0",
  operations: {
    write: post("/notes", {
      access: "user",
      input: z.object({ text: z.string() }),
      output: Note,
      status: 201,
      errors: { TextTaken: { status: 409, data: z.object({ id: z.string() }) } },
    }),
    find: get("/notes", {
      access: "public",
      input: z.object({ tag: z.array(z.string()).optional(), max: z.number().optional() }),
      output: z.array(Note),
    }),
    read: get("/notes/{id}", { access: "public", input: ById, output: Note, timeoutMs: 5000 }),
    drop: del("/notes/{id}", { access: "user", input: ById }),
    scan: put("/notes/{id}/scan", {
      access: "user",
      input: ById.extend({ page: z.int().optional() }),
      upload: bytes({ maxBytes: 1000 }),
      output: z.object({ bytes: z.int() }),
    }),
    print: get("/notes/{id}/print", { access: "public", input: ById, download: bytes() }),
    changes: get("/changes", { access: "public", stream: Note }),
    purge: post("/purge", {}),
  },
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;
interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** A server that answers every request as told, and what it saw. */
async function serve(answer: Answer, options: Partial<ClientOptions> = {}) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    await answer(response, request);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl,
    seen,
    client: createClient(notes, { baseUrl, ...options }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response
      .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
      .end(JSON.stringify(value));
const problem = (value: unknown, status: number, headers: Record<string, string> = {}): Answer =>
  json(value, status, { "content-type": "application/problem+json", ...headers });
const text =
  (body: string, type: string, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { "content-type": type }).end(body);
const note = { id: "1", text: "a" };

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function failureOf(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    assert.ok(isCantleError(error), String(error));
    return error;
  }
  return assert.fail("it did not fail");
}

async function failsWith(promise: Promise<unknown>, code: Code, status?: number) {
  const error = await failureOf(promise);
  assert.equal(error.code, code, error.message);
  if (status !== undefined) assert.equal(error.status, status);
  return error;
}

test("a POST sends its input as JSON and answers with the output", async () => {
  await using server = await serve(json(note, 201));
  assert.deepEqual(await server.client.write({ text: "a" }), note);
  const [{ method, url, headers, body } = assert.fail()] = server.seen;
  assert.deepEqual(
    [method, url, headers["content-type"], body.toString()],
    ["POST", "/notes", "application/json", '{"text":"a"}'],
  );
  assert.match(headers.accept ?? "", /application\/json.*application\/problem\+json/);
});

test("a GET sends path parameters in the path and the rest in the query, arrays repeated, undefined dropped", async () => {
  await using server = await serve(json([note]));
  await server.client.find({ tag: ["a b", "c"], max: undefined });
  await server.client.find();
  await server.client.read({ id: "x/y ?" });
  assert.deepEqual(
    server.seen.map(({ url, body }) => [url, body.length]),
    [
      ["/notes?tag=a%20b&tag=c", 0],
      ["/notes", 0],
      ["/notes/x%2Fy%20%3F", 0],
    ],
  );
});

test("the base may have a path, with or without a slash at its end", async () => {
  await using server = await serve(json(note));
  for (const tail of ["/api/v1", "/api/v1/"])
    await createClient(notes, { baseUrl: server.baseUrl + tail }).read({ id: "1" });
  assert.deepEqual(
    server.seen.map(({ url }) => url),
    ["/api/v1/notes/1", "/api/v1/notes/1"],
  );
});

for (const baseUrl of ["localhost:80", "ftp://a", "http://a?b", "http://a#b", "javascript:alert(1)"]) {
  test(`'${baseUrl}' is no base`, () => {
    assert.throws(
      () => createClient(notes, { baseUrl }),
      (error) => isCantleError(error) && error.code === "CONFIG_INVALID" && error.help !== undefined,
    );
  });
}

test("no content is undefined", async () => {
  await using server = await serve((response) => void response.writeHead(204).end());
  assert.equal(await server.client.drop({ id: "1" }), undefined);
});

test("token, headers, idempotency key and baggage are sent; the token anew for each call", async () => {
  let tokens = 0;
  await using server = await serve(json(note), {
    headers: { "x-tenant": "t" },
    token: async () => (tokens++ === 0 ? "one" : undefined),
  });
  await server.client.write({ text: "a" }, { idempotencyKey: "k", baggage: { tenant: "a b" } });
  await server.client.read({ id: "1" });
  assert.deepEqual(
    server.seen.map(({ headers }) => [headers.authorization, headers["x-tenant"], headers["idempotency-key"]]),
    [
      ["Bearer one", "t", "k"],
      [undefined, "t", undefined],
    ],
  );
  assert.deepEqual(
    server.seen.map(({ headers }) => headers["baggage"]),
    ["tenant=a%20b", undefined],
  );
});

test("a token that a header cannot say is refused, unquoted", async () => {
  await using server = await serve(json(note), { token: "secret\nx: y" });
  const error = await failsWith(server.client.read({ id: "1" }), "REQUEST_MALFORMED");
  assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret/);
  assert.equal(server.seen.length, 0);
});

test("operations without access are not there", () => {
  const client = createClient(notes, { baseUrl: "" });
  assert.deepEqual(Object.keys(client), ["write", "find", "read", "drop", "scan", "print", "changes"]);
  assert.equal((client as unknown as Record<string, unknown>).purge, undefined);
});

test("a declared failure arrives with name, status and data", async () => {
  await using server = await serve(
    problem(
      { type: "about:blank", title: "Conflict", status: 409, code: "TextTaken", detail: "taken", data: { id: "7" } },
      409,
    ),
  );
  const error = await failureOf(server.client.write({ text: "a" }));
  assert.ok(isFailure(error, notes.operations.write, "TextTaken"));
  assert.deepEqual([error.data.id, error.status, error.message], ["7", 409, "taken"]);
});

test("problems keep their code, messages and when to come back", async () => {
  await using server = await serve(
    problem({ code: "INPUT_INVALID", detail: "no", errors: { text: ["too short"] } }, 422, { "retry-after": "7" }),
  );
  const error = await failsWith(server.client.write({ text: "" }), "INPUT_INVALID", 422);
  assert.deepEqual(error.errors, { text: ["too short"] });
  assert.equal(error.retryAfterSeconds, 7);
});

const unreadable: [title: string, answer: Answer, status: number][] = [
  ["an HTML page", text("<h1>Bad gateway</h1>", "text/html", 503), 503],
  ["a problem that is not JSON", text("{", "application/problem+json", 500), 500],
  ["a problem without a code", problem({ title: "Teapot" }, 418), 418],
  ["a problem that is a list", problem([], 400), 400],
  ["a problem whose code is a number", problem({ ...note, code: 5 }, 404), 404],
  ["nothing", (response) => void response.writeHead(500).end(), 500],
];
for (const [title, answer, status] of unreadable) {
  test(`${title} as an error is REPLY_MALFORMED with the status kept`, async () => {
    await using server = await serve(answer);
    await failsWith(server.client.read({ id: "1" }), "REPLY_MALFORMED", status);
  });
}

test("a failure that a newer contract declares is still a declared failure", async () => {
  await using server = await serve(problem({ code: "NoteArchived", detail: "gone" }, 410));
  const error = await failsWith(server.client.read({ id: "1" }), "DECLARED", 410);
  assert.equal(error.failure, "NoteArchived");
});

test("a success that is not JSON is REPLY_MALFORMED", async () => {
  for (const answer of [text("<h1>Welcome</h1>", "text/html"), text("{", "application/json")]) {
    await using server = await serve(answer);
    await failsWith(server.client.read({ id: "1" }), "REPLY_MALFORMED");
  }
});

test("a reply over the limit is REPLY_TOO_LARGE", async () => {
  await using server = await serve(json({ id: "1", text: "x".repeat(1000) }), { replyBytesMax: 100 });
  await failsWith(server.client.read({ id: "1" }), "REPLY_TOO_LARGE");
});

test("a redirect is not followed: the token stays here", async () => {
  await using server = await serve((response) => void response.writeHead(302, { location: "/elsewhere" }).end());
  await failsWith(server.client.read({ id: "1" }), "UNREACHABLE");
  assert.equal(server.seen.length, 1);
});

test("a refused and a broken connection are UNREACHABLE", async () => {
  const server = await serve((response) => void response.destroy());
  await failsWith(server.client.read({ id: "1" }), "UNREACHABLE");
  await server[Symbol.asyncDispose]();
  await failsWith(server.client.read({ id: "1" }), "UNREACHABLE");
});

test("no reply within the operation's timeout is DEADLINE_EXCEEDED; a longer one cannot be asked for", async () => {
  for (const timeoutMs of [undefined, 50_000]) {
    const clock = virtualClock();
    await using server = await serve(() => {}, { clock });
    const failed = failsWith(
      server.client.read({ id: "1" }, timeoutMs === undefined ? {} : { timeoutMs }),
      "DEADLINE_EXCEEDED",
    );
    await clock.advance(4999);
    assert.equal(await Promise.race([failed, Promise.resolve("still waiting")]), "still waiting");
    await clock.advance(1);
    await failed;
  }
});

test("a shorter timeout can be asked for, and covers a token that never comes", async () => {
  const clock = virtualClock();
  const client = createClient(notes, { baseUrl: "http://127.0.0.1:9", clock, token: () => new Promise(() => {}) });
  const failed = failsWith(client.read({ id: "1" }, { timeoutMs: 10 }), "DEADLINE_EXCEEDED");
  await clock.advance(10);
  await failed;
});

test("the caller's signal cancels the call, before it and during it", async () => {
  const controller = new AbortController();
  await using server = await serve(() => controller.abort(new Error("enough")));
  const error = await failsWith(server.client.read({ id: "1" }, { signal: controller.signal }), "CANCELLED");
  assert.equal((error.cause as Error).message, "enough");
  await failsWith(server.client.read({ id: "1" }, { signal: controller.signal }), "CANCELLED");
  assert.equal(server.seen.length, 1);
});

test("uploads of bytes, blobs and chunks arrive with their type", async () => {
  await using server = await serve((response, request) =>
    json({ bytes: server.seen.at(-1)?.body.length })(response, request),
  );
  assert.deepEqual(await server.client.scan({ id: "1", page: 2 }, Uint8Array.of(1, 2, 3)), { bytes: 3 });
  assert.deepEqual(await server.client.scan({ id: "1" }, new Blob(["abcd"], { type: "image/png" })), { bytes: 4 });
  async function* chunks() {
    yield Uint8Array.of(1);
    yield Uint8Array.of(2);
  }
  assert.deepEqual(await server.client.scan({ id: "1" }, { type: "image/gif", chunks: chunks() }), { bytes: 2 });
  assert.deepEqual(
    server.seen.map(({ url, headers }) => [url, headers["content-type"]]),
    [
      ["/notes/1/scan?page=2", "application/octet-stream"],
      ["/notes/1/scan", "image/png"],
      ["/notes/1/scan", "image/gif"],
    ],
  );
});

test("where request bodies cannot be streamed, as in a browser, an upload is collected first", async () => {
  await using server = await serve((response, request) =>
    json({ bytes: server.seen.at(-1)?.body.length })(response, request),
  );
  Object.assign(globalThis, { document: {} });
  try {
    assert.deepEqual(await server.client.scan({ id: "1" }, new Blob(["abcd"], { type: "image/png" })), { bytes: 4 });
    await failsWith(server.client.scan({ id: "1" }, new Blob([new Uint8Array(1001)])), "BODY_TOO_LARGE");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
  assert.deepEqual(
    server.seen.map(({ headers }) => [headers["content-type"], headers["content-length"]]),
    [["image/png", "4"]],
  );
});

test("an upload over the operation's limit is BODY_TOO_LARGE, known beforehand or not", async () => {
  await using server = await serve(json({ bytes: 0 }));
  await failsWith(server.client.scan({ id: "1" }, new Uint8Array(1001)), "BODY_TOO_LARGE");
  async function* chunks() {
    for (;;) yield new Uint8Array(300);
  }
  await failsWith(server.client.scan({ id: "1" }, { type: "image/gif", chunks: chunks() }), "BODY_TOO_LARGE");
  assert.equal(server.seen.length, 0);
});

test("a download comes as it comes, with its type and size", async () => {
  await using server = await serve(
    (response) =>
      void response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": "5" }).end("hello"),
  );
  const { type, size, chunks } = await server.client.print({ id: "1" });
  assert.deepEqual([type, size], ["text/plain; charset=utf-8", 5]);
  assert.equal(Buffer.concat(await collect(chunks)).toString(), "hello");
});

test("items come as they are sent, beyond the timeout of the reply", async () => {
  const clock = virtualClock();
  let next = () => {};
  await using server = await serve(
    (response) => {
      let at = 0;
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      next = () =>
        void (at++ < 2 ? response.write(printEvent(JSON.stringify({ id: String(at), text: "" }))) : response.end());
    },
    { clock },
  );
  const items = (await server.client.changes())[Symbol.asyncIterator]();
  await clock.advance(1_000_000);
  for (const id of ["1", "2"]) {
    next();
    assert.equal((await items.next()).value.id, id);
  }
  next();
  assert.equal((await items.next()).done, true);
});

const broken: [title: string, tail: string, code: Code, status: number][] = [
  [
    "a problem",
    printEvent(JSON.stringify({ code: "OVERLOADED", detail: "busy", status: 503 }), "error"),
    "OVERLOADED",
    503,
  ],
  ["an item that is not JSON", printEvent("{"), "REPLY_MALFORMED", 502],
  ["a problem that says nothing", printEvent("{}", "error"), "REPLY_MALFORMED", 500],
];
for (const [title, tail, code, status] of broken) {
  test(`${title} in a stream is thrown after the items before it`, async () => {
    await using server = await serve(text(printEvent(JSON.stringify(note)) + tail, "text/event-stream"));
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of await server.client.changes()) items.push(item);
    })();
    await failsWith(reading, code, status);
    assert.deepEqual(items, [note]);
  });
}

test("events of other names are not items", async () => {
  await using server = await serve(
    text(printEvent("0", "ping") + printEvent(JSON.stringify(note)), "text/event-stream"),
  );
  assert.deepEqual(await collect(await server.client.changes()), [note]);
});

test("a stream whose connection breaks is UNREACHABLE, not complete", async () => {
  await using server = await serve((response) => {
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .write(printEvent(JSON.stringify(note)), () => response.destroy());
  });
  await failsWith(server.client.changes().then(collect), "UNREACHABLE");
});

test("leaving a stream, and the caller's signal, close the connection", async () => {
  const controller = new AbortController();
  let closed = Promise.resolve<unknown>(undefined);
  await using server = await serve((response) => {
    closed = once(response, "close");
    response.writeHead(200, { "content-type": "text/event-stream" }).write(printEvent(JSON.stringify(note)));
  });
  for await (const item of await server.client.changes()) {
    assert.deepEqual(item, note);
    break;
  }
  await closed;
  const items = (await server.client.changes(undefined, { signal: controller.signal }))[Symbol.asyncIterator]();
  await items.next();
  controller.abort();
  await failsWith(Promise.resolve(items.next()), "CANCELLED");
  await closed;
});

test("nothing that the client imports is Node's own", () => {
  const files = new Set<string>();
  const visit = (url: string) => {
    if (files.has(url)) return;
    files.add(url);
    for (const [, target = ""] of readFileSync(fileURLToPath(url), "utf8").matchAll(
      /^(?:import|export) (?!type).*?from "([^"]+)";$/gms,
    )) {
      if (target === "fs" || target.startsWith("node:")) assert.fail(`${url} imports ${target}`);
      visit(target.startsWith(".") ? new URL(target, url).href : import.meta.resolve(target));
    }
  };
  visit(new URL("./fetch-client.ts", import.meta.url).href);
  assert.ok(files.size > 10);
});
