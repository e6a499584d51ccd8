import assert from "node:assert/strict";
import { test } from "node:test";
import { assignmentsFor, withheldVariables } from "./withheld.ts";

const env = {
  PATH: "/bin",
  STRIPE_KEY: "nobody's by name",
  ACCOUNTS_DATABASE_URL: "postgres://x",
  ACCOUNTS_SESSION_SECRET_FILE: "/run/s",
  USER_MAIL_SMTP__HOST: "h",
  ORDER_ARCHIVE_KEY: "k",
  ORDER_KEY: "k",
  NODE_OPTIONS: "",
  HTTP_PROXY: "p",
};
const known = ["accounts", "userMail", "order", "order-archive", "node", "http"];
const kept = (...services: string[]) => {
  const withheld = withheldVariables(env, { services, known });
  return Object.keys(env).filter((name) => !(name in withheld));
};
const everybodys = ["PATH", "STRIPE_KEY", "NODE_OPTIONS", "HTTP_PROXY"];

test("a unit has the variables of its own services, and what is nobody's", () => {
  assert.deepEqual(kept().sort(), everybodys.toSorted());
  assert.deepEqual(
    kept("accounts").sort(),
    [...everybodys, "ACCOUNTS_DATABASE_URL", "ACCOUNTS_SESSION_SECRET_FILE"].sort(),
  );
  assert.deepEqual(kept("userMail").sort(), [...everybodys, "USER_MAIL_SMTP__HOST"].sort());
  assert.deepEqual(kept(...known), Object.keys(env));
});

test("a name that can be two services' is told to both, and one that can be only one's to that", () => {
  assert.deepEqual(kept("order").sort(), [...everybodys, "ORDER_ARCHIVE_KEY", "ORDER_KEY"].sort());
  assert.deepEqual(kept("order-archive").sort(), [...everybodys, "ORDER_ARCHIVE_KEY"].sort());
});

test("of --set a unit is told its services' keys, and what is no service's", () => {
  const set = ["accounts.secret=x", "order.key=y", "policies.accounts.retriesMax=0", "acounts.typo=1", "nonsense"];
  assert.deepEqual(assignmentsFor(set, { services: ["order"], known }), [
    "order.key=y",
    "policies.accounts.retriesMax=0",
    "acounts.typo=1",
    "nonsense",
  ]);
  assert.equal(assignmentsFor(undefined, { services: [], known }), undefined);
});
