import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, get } from "@cantle/contract";
import { service } from "@cantle/service";
import { system } from "@cantle/system";
import { canAnswer, findingsIn } from "./findings.ts";

const settings = { folder: "/nowhere", home: "/nowhere", env: {} };
const handlers = { read: async () => {} };
const contractOf = (name: string, version = "1.0.0", path = `/${name}`) =>
  contract(name, { version, operations: { read: get(path, { access: "public" }) } });
const loading = (definition: ReturnType<typeof service>) => async () => ({ default: definition });

test("the same major and a minor that is not older can answer", () => {
  const cases: [string, string, boolean][] = [
    ["1.2.0", "1.2.0", true],
    ["1.3.0", "1.2.9", true],
    ["1.2.9", "1.3.0", false],
    ["2.0.0", "1.0.0", false],
    ["1.10.0", "1.9.0", true],
  ];
  for (const [version, used, expected] of cases) assert.equal(canAnswer(version, used), expected, `${version} ${used}`);
});

test("a sound system has no findings", async () => {
  const a = service(contractOf("a"), { handlers });
  const b = service(contractOf("b"), { uses: { a: contractOf("a") }, handlers });
  assert.deepEqual(await findingsIn(system("s", { services: { a: loading(a), b: loading(b) } }), settings), []);
});

test("all mistakes are found at once, each with its place", async () => {
  const accounts = service(contractOf("accounts", "1.1.0"), { handlers });
  const uses = { acounts: contractOf("acounts"), accounts: contractOf("accounts", "1.2.0") };
  const posts = service(contractOf("posts", "1.0.0", "/accounts"), { uses, handlers });
  const broken = () => Promise.reject(new TypeError("x is not a function"));
  const described = system("blog", {
    services: { accounts: loading(accounts), posts: loading(posts), mail: broken },
    units: { web: ["posts", "nobody"] },
    placements: { two: { units: { empty: [] } } },
  });
  const found = await findingsIn(described, { ...settings, set: ["accounts.limit=1"] });
  assert.deepEqual(
    found.map(({ code, place }) => [code, place]),
    [
      ["PLACEMENT_IMPOSSIBLE", 'system("blog").units.web'],
      ["PLACEMENT_IMPOSSIBLE", 'system("blog").placements.two.units.empty'],
      ["SERVICE_BROKEN", found[2]?.place],
      ["CONFIG_INVALID", "accounts.limit"],
      ["SYSTEM_INVALID", "service(posts).uses.acounts"],
      ["CONTRACT_INCOMPATIBLE", "service(posts).uses.accounts"],
      ["CONTRACT_INVALID", found[6]?.place],
    ],
  );
  assert.match(found[4]?.help ?? "", /did you mean 'accounts'\?/);
});

test("subscriptions and schedules that cannot be meant are found, and queues that the broker does not have", async () => {
  const data = { ...settings, env: { BROKER_URL: "kafka://127.0.0.1:9092" } };
  const run = async () => {};
  const a = service(contractOf("a"), { handlers, schedules: { nightly: { cron: "0 25 * * *", run } } });
  const b = service(contractOf("b"), { handlers, schedules: { hourly: { cron: "0 * * * *", run } } });
  const found = await findingsIn(system("s", { services: { a: loading(a), b: loading(b) } }), data);
  assert.deepEqual(
    found.map(({ code, place }) => [code, place]),
    [
      ["SERVICE_INVALID", "service(a).schedules.nightly"],
      ["ENGINE_MISSING", "BROKER_URL"],
    ],
  );
});

test("a policy of an operation that there is not is found, wherever it was said", async () => {
  const a = service(contractOf("a"), { handlers });
  const described = system("s", {
    services: { a: loading(a), broken: () => Promise.reject(new Error("broken")) },
    policies: { "a.raed": { retriesMax: 0 }, "a.read": { retriesMax: 1 }, "broken.any": { retriesMax: 0 } },
  });
  const found = await findingsIn(described, { ...settings, set: ["policies.a.write.retriesMax=0"] });
  assert.deepEqual(
    found.filter(({ code }) => code === "CONFIG_INVALID").map(({ place, message, help }) => [place, message, help]),
    [
      ["policies.a.raed", "'a' has no operation 'raed' (from system)", "did you mean 'read'?"],
      ["policies.a.write", "'a' has no operation 'write' (from --set)", "there are read"],
    ],
  );
});
