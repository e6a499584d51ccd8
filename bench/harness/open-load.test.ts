/** The open loop: a server that is slow gets no less to do, and what waited is told. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type Answer, failedOf, quantileMs } from "./answers.ts";
import { freePort } from "./free-port.ts";
import { openLoad, schedule } from "./open-load.ts";

test("requests are due at even distances, as many as the time has room for", () => {
  const due = [...schedule({ perSecond: 4, ms: 1_100, startMs: 1_000 })].map(({ dueMs }) => dueMs);
  assert.deepEqual(due, [1_000, 1_250, 1_500, 1_750]);
});

test("requests are sent while none is answered, each with a key of its own", async () => {
  const bodies: string[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    bodies.push(text);
    waiting.push(() => void response.writeHead(bodies.length === 1 ? 200 : 503).end('{"code":"OVERLOADED"}'));
    // The first answer is given when the last request is there.
    if (bodies.length === 10) for (const answer of waiting) answer();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { drive } = await openLoad();
  const requests = [{ name: "book", path: "/", body: "{key}" }];
  const answers = (await drive!({ url, perSecond: 1_000, ms: 10, requests })) as Answer[];
  server.close();
  assert.deepEqual(answers.map(({ key }) => key).sort(), bodies.sort());
  assert.equal(new Set(bodies).size, 10);
  assert.deepEqual([...new Set(answers.map(({ outcome }) => outcome))], ["503 OVERLOADED"]);
});

test("nobody who answers is a failure with a name, and not an error of the generator", async () => {
  const { drive } = await openLoad();
  const requests = [{ name: "look", path: "/" }];
  const url = `http://127.0.0.1:${await freePort()}`;
  const answers = (await drive!({ url, perSecond: 100, ms: 20, requests })) as Answer[];
  assert.deepEqual(
    answers.map(({ outcome, isGood }) => [outcome, isGood]),
    Array(2).fill(["ECONNREFUSED", false]),
  );
});

test("a quantile is the time within which that share was answered", () => {
  const answers = Array.from({ length: 100 }, (_, at) => ({ tookMs: 100 - at, isGood: true }) as Answer);
  assert.equal(quantileMs(answers, 0.99), 100);
  assert.equal(quantileMs(answers, 0.5), 51);
  assert.equal(failedOf(answers), 0);
});
