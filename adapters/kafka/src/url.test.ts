import assert from "node:assert/strict";
import { test } from "node:test";
import { refusesUrls } from "@cantle/messaging/conformance";
import { locationOf } from "./url.ts";

test("a URL names brokers, a user, and how it is made known", () => {
  assert.deepEqual(
    locationOf("kafka://us%3Aer:p%40ss:word@a:9093,b,[::1]:9094?tls=true&sasl=scram-sha-512&prefix=shop-"),
    {
      servers: ["a:9093", "b:9092", "[::1]:9094"],
      tls: true,
      login: { user: "us:er", password: "p@ss:word", mechanism: "SCRAM-SHA-512" },
      prefix: "shop-",
      idempotent: true,
    },
  );
});

test("without a user nobody is made known", () => {
  const { login, tls, prefix, idempotent } = locationOf("kafka://a?idempotent=false");
  assert.deepEqual([login, tls, prefix, idempotent], [undefined, false, "", false]);
});

refusesUrls(locationOf, [
  "kafka://",
  "nats://user:s3cret@a",
  "kafka://user:s3cret@a:9092,,b",
  "kafka://user:s3cret@a:b:c",
  "kafka://user:s3cret%zz@a",
  "kafka://user:s3cret@a?sasl=gssapi",
  "kafka://user:s3cret@a?tls=maybe",
  "kafka://user:s3cret@a?prefix=a.",
  "kafka://user:s3cret@a?what=1",
]);
