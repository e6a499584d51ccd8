/** What the load generator reads of answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerLength } from "./http-load.ts";

const lengthOf = (text: string) => answerLength(Buffer.from(text));

test("an answer with a length ends after as many bytes", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  assert.equal(lengthOf(head), head.length + 3);
  assert.equal(lengthOf(`${head}abcHTTP/1.1`), head.length + 3);
});

test("a chunked answer ends with its last chunk", () => {
  const answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  assert.equal(lengthOf(answer), answer.length);
  assert.equal(lengthOf(`${answer}HTTP/1.1 200 OK`), answer.length);
  assert.equal(lengthOf(answer.slice(0, -1)), undefined);
});

test("half a head says nothing yet", () => {
  assert.equal(lengthOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"), undefined);
});
