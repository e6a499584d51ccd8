import assert from "node:assert/strict";
import { test } from "node:test";
import { refusesUrls } from "@cantle/messaging/conformance";
import { locationOf } from "./url.ts";

test("a URL names servers, a user, and how things are kept", () => {
  assert.deepEqual(locationOf("nats://us%3Aer:p%40ss:word@a:4222,b,[::1]:4223?replicas=3&keepDays=30&prefix=shop"), {
    servers: ["a:4222", "b", "[::1]:4223"],
    tls: false,
    user: "us:er",
    password: "p@ss:word",
    token: undefined,
    prefix: "shop",
    replicasCount: 3,
    storage: "file",
    keepMs: 30 * 24 * 3_600_000,
  });
});

test("a name without a password is a token, and tls:// asks for TLS", () => {
  const { tls, user, token, replicasCount, prefix } = locationOf("tls://s3cret@broker.example/");
  assert.deepEqual([tls, user, token, replicasCount, prefix], [true, undefined, "s3cret", 1, "cantle"]);
});

refusesUrls(locationOf, [
  "nats://",
  "http://user:s3cret@a:4222",
  "nats://user:s3cret@a:4222,,b",
  "nats://user:s3cret@a:b:c",
  "nats://user:s3cret%zz@a",
  "nats://user:s3cret@a?replicas=2",
  "nats://user:s3cret@a?storage=disk",
  "nats://user:s3cret@a?keepDays=0",
  "nats://user:s3cret@a?prefix=a.b",
  "nats://user:s3cret@a?what=1",
]);
