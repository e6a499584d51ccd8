import assert from "node:assert/strict";
import { test } from "node:test";
import { answerFields, requestFields } from "./forwarded.ts";

test("what belongs to the hop, to the gateway or to nobody does not go on", () => {
  const headers = {
    accept: "a",
    authorization: "Bearer x",
    cookie: "b=c",
    "content-type": "text/plain",
    "set-cookie": ["d=e", "f=g"],
    connection: "close, X-Drop ,accept-language",
    "x-drop": "1",
    "accept-language": "de",
    "keep-alive": "1",
    te: "trailers",
    trailer: "x",
    "transfer-encoding": "chunked",
    upgrade: "h2c",
    "http2-settings": "x",
    "proxy-authorization": "x",
    "proxy-connection": "x",
    expect: "100-continue",
    host: "evil",
    forwarded: "for=1",
    "x-forwarded-for": "1",
    "x-forwarded-anything": "1",
    x_forwarded_for: "1",
    "cantle-caller": "forged",
    cantle_caller: "forged",
    "cantle-peer": "forged",
    "x-real-ip": "1",
    traceparent: "x",
    "content-length": "3",
  };
  assert.deepEqual(requestFields(headers), [
    "accept",
    "a",
    "authorization",
    "Bearer x",
    "cookie",
    "b=c",
    "content-type",
    "text/plain",
    "set-cookie",
    "d=e",
    "set-cookie",
    "f=g",
  ]);
  const back = answerFields({
    "content-length": "3",
    "cantle-retried": "1",
    connection: "close",
    "set-cookie": ["a", "b"],
    server: "x",
  });
  assert.deepEqual(back, ["set-cookie", "a", "set-cookie", "b", "server", "x"]);
});
