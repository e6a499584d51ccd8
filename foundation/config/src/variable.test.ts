import assert from "node:assert/strict";
import { test } from "node:test";
import { variableOf } from "./variable.ts";

const table: readonly [string, readonly string[], string][] = [
  ["accounts", ["maxPerDomain"], "ACCOUNTS_MAX_PER_DOMAIN"],
  ["user-mail", ["smtp", "hostName"], "USER_MAIL_SMTP__HOST_NAME"],
  ["orderLines", ["httpURL"], "ORDER_LINES_HTTP_URL"],
  ["accounts", ["URLPrefix"], "ACCOUNTS_URL_PREFIX"],
  ["s3", ["bucket2Name"], "S3_BUCKET2_NAME"],
];

for (const [service, path, variable] of table) {
  test(`${service}.${path.join(".")} is ${variable}`, () => assert.equal(variableOf(service, path), variable));
}
