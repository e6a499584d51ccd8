import assert from "node:assert/strict";
import { test } from "node:test";
import { CantleError, isCantleError } from "@cantle/core";
import fc from "fast-check";
import { z } from "zod";
import type { ConfigSources } from "./index.ts";
import { describeConfig, resolveConfig, resolveConfigs, secretFilesOf } from "./index.ts";

const schema = z.object({
  maxPerDomain: z.number().default(1000),
  open: z.boolean().default(false),
  hosts: z.array(z.string()).default([]),
  smtp: z.object({ host: z.string().default("localhost"), port: z.number().default(25) }).prefault({}),
  labels: z.record(z.string(), z.string()).default({}),
  secret: z.string().min(4).default("none"),
});

const resolve = (sources: ConfigSources) => resolveConfig({ name: "accounts", schema, sources });

function errorsOf(act: () => unknown): Readonly<Record<string, readonly string[]>> {
  try {
    act();
  } catch (error) {
    if (isCantleError(error) && error.code === "CONFIG_INVALID") return error.errors ?? {};
    throw error;
  }
  assert.fail("nothing was refused");
}

test("without sources every value is the schema's default", () => {
  const { value, origins } = resolve({});
  assert.deepEqual(value, schema.parse({}));
  assert.ok([...origins.values()].every(({ source, from }) => source === "default" && from === "schema"));
});

test("a service without a schema has no configuration", () => {
  const { mail } = resolveConfigs({ services: { mail: undefined }, sources: {} });
  assert.equal(mail.value, undefined);
  const file = { from: "config.yaml", content: { mail: { host: "x" } } };
  assert.deepEqual(
    errorsOf(() => resolveConfigs({ services: { mail: undefined }, sources: { file } })),
    { "mail.host": ["is not known; nothing can be set here (from config.yaml)"] },
  );
});

test("a heavier source wins over every lighter one, whatever the others say", () => {
  const layers = ["file", "profile", "environment", "secret file", "--set"] as const;
  const given = fc.tuple(...layers.map(() => fc.option(fc.integer(), { nil: undefined })));
  fc.assert(
    fc.property(given, ([file, profile, environment, secretFile, set]) => {
      const values = [file, profile, environment, secretFile, set];
      const { value, origins } = resolve({
        ...(file !== undefined && { file: { from: "a.yaml", content: { accounts: { maxPerDomain: file } } } }),
        ...(profile !== undefined && { profile: { from: "b.yaml", content: { accounts: { maxPerDomain: profile } } } }),
        ...(environment !== undefined && { environment: { ACCOUNTS_MAX_PER_DOMAIN: String(environment) } }),
        ...(secretFile !== undefined && { secretFiles: { ACCOUNTS_MAX_PER_DOMAIN_FILE: `${secretFile}\n` } }),
        ...(set !== undefined && { set: [`accounts.maxPerDomain=${set}`] }),
      });
      const winner = values.findLastIndex((each) => each !== undefined);
      assert.equal(value.maxPerDomain, winner < 0 ? 1000 : values[winner]);
      assert.equal(origins.get("maxPerDomain")?.source, winner < 0 ? "default" : layers[winner]);
    }),
  );
});

test("objects are merged member by member, arrays and maps' values are replaced", () => {
  const { value, origins } = resolve({
    file: { from: "config.yaml", content: { accounts: { smtp: { host: "a", port: 1 }, hosts: ["x", "y"] } } },
    profile: { from: "config.test.yaml", content: { accounts: { smtp: { port: 2 }, hosts: ["z"] } } },
    environment: { ACCOUNTS_SMTP__HOST: "b", ACCOUNTS_LABELS: '{"team.name":"blue"}' },
  });
  assert.deepEqual(value.smtp, { host: "b", port: 2 });
  assert.deepEqual(value.hosts, ["z"]);
  assert.deepEqual(value.labels, { "team.name": "blue" });
  assert.equal(origins.get("smtp.host")?.from, "ACCOUNTS_SMTP__HOST");
  assert.equal(origins.get("smtp.port")?.from, "config.test.yaml");
});

test("an object in one variable and a member of it in another add up", () => {
  const environment = { ACCOUNTS_SMTP: '{"host":"a","port":1}', ACCOUNTS_SMTP__PORT: "2" };
  assert.deepEqual(resolve({ environment }).value.smtp, { host: "a", port: 2 });
});

test("an empty variable is none; an empty --set is an empty text", () => {
  const labelled = z.object({ title: z.string().default("untitled") });
  const titled = (sources: ConfigSources) => resolveConfig({ name: "posts", schema: labelled, sources }).value.title;
  assert.equal(titled({ environment: { POSTS_TITLE: "" } }), "untitled");
  assert.equal(titled({ set: ["posts.title="] }), "");
});

test("the last --set wins", () => {
  assert.equal(resolve({ set: ["accounts.maxPerDomain=1", "accounts.maxPerDomain=2"] }).value.maxPerDomain, 2);
});

test("the value is frozen all the way down", () => {
  const { value } = resolve({});
  assert.ok(Object.isFrozen(value) && Object.isFrozen(value.smtp) && Object.isFrozen(value.hosts));
});

test("every mistake of every service is told at once, with where it came from", () => {
  const errors = errorsOf(() =>
    resolveConfigs({
      services: { accounts: schema, posts: z.object({ pageSize: z.number(), apiToken: z.string() }) },
      sources: {
        file: { from: "config.yaml", content: { accounts: { maxPerDoman: 5 }, post: {} } },
        environment: { ACCOUNTS_OPEN: "perhaps", ACCOUNTS_LABELS: "{broken" },
        set: ["accounts.smtp.prot=1", "nonsense", "posts.=1"],
      },
    }),
  );
  assert.deepEqual(errors, {
    post: ["is not a service; did you mean 'posts'? (from config.yaml)"],
    "--set 2": ["does not say what to set; write --set service.key=value"],
    "--set 3": ["does not say what to set; write --set service.key=value"],
    "accounts.maxPerDoman": ["is not known; did you mean 'maxPerDomain'? (from config.yaml)"],
    "accounts.open": ["is not true or false (from the environment variable ACCOUNTS_OPEN)"],
    "accounts.labels": ["is not a JSON object (from the environment variable ACCOUNTS_LABELS)"],
    "accounts.smtp.prot": ["is not known; did you mean 'port'? (from --set)"],
    "posts.pageSize": ["is missing; set POSTS_PAGE_SIZE, or posts.pageSize in a config file"],
    "posts.apiToken": ["is missing; set POSTS_API_TOKEN_FILE to a file that holds it, or POSTS_API_TOKEN"],
  });
});

test("a wrong value in a file is told with the schema's own words and the file's name", () => {
  const file = { from: "config.yaml", content: { accounts: { smtp: { port: "many" } } } };
  const messages = errorsOf(() => resolve({ file }))["accounts.smtp.port"] ?? [];
  assert.equal(messages.length, 1);
  assert.match(messages[0] ?? "", /expected number.*\(from config\.yaml\)$/);
});

test("sections of services that run elsewhere are left alone when they are named", () => {
  const file = { from: "config.yaml", content: { accounts: { maxPerDomain: 5 }, gateway: { port: 80 } } };
  const request = { services: { accounts: schema }, sources: { file, set: ["gateway.port=81"] } };
  assert.equal(resolveConfigs({ ...request, others: ["gateway"] }).accounts.value.maxPerDomain, 5);
  assert.deepEqual(Object.keys(errorsOf(() => resolveConfigs(request))), ["gateway"]);
});

test("an empty section and an empty file are nothing, a list is a mistake", () => {
  const with_ = (content: unknown) => () =>
    resolveConfigs({ services: { accounts: schema }, sources: { file: { from: "c.yaml", content } } });
  assert.equal(with_(null)().accounts.value.maxPerDomain, 1000);
  assert.equal(with_({ accounts: null })().accounts.value.maxPerDomain, 1000);
  assert.deepEqual(errorsOf(with_({ accounts: [1] })), { accounts: ["is not an object (from c.yaml)"] });
  assert.deepEqual(errorsOf(with_([1])), { "c.yaml": ["is not an object with a member for each service"] });
});

test("two paths that would share a variable are a mistake of the system", () => {
  const services = { a: z.object({ bC: z.string() }), "a-b": z.object({ c: z.string() }) };
  assert.throws(
    () => resolveConfigs({ services, sources: {} }),
    (error) => error instanceof CantleError && error.code === "SERVICE_INVALID" && /A_B_C/.test(error.message),
  );
});

test("schemas that cannot describe configuration are refused with a reason", () => {
  const slow = z.object({ a: z.string().refine(async () => true) });
  const refused = (config: z.ZodType) => () =>
    resolveConfig({ name: "accounts", schema: config, sources: { set: ["accounts.a=x"] } });
  for (const config of [slow, z.object({ at: z.date() }), z.number()]) {
    assert.throws(refused(config), (error) => isCantleError(error) && error.code === "SERVICE_INVALID");
  }
});

test("names that every object has are harmless data or refused, never a way into the prototype", () => {
  const keys = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty");
  const before = Object.getOwnPropertyNames(Object.prototype).sort();
  fc.assert(
    fc.property(fc.array(keys, { minLength: 1, maxLength: 4 }), (path) => {
      const json = path.reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, '"polluted"');
      const attempts: ConfigSources[] = [
        { file: { from: "c", content: JSON.parse(`{"accounts":${json}}`) } },
        { file: { from: "c", content: JSON.parse(`{"accounts":{"labels":${json}}}`) } },
        { environment: { ACCOUNTS_LABELS: json } },
        { set: [`accounts.${path.join(".")}=polluted`, `accounts.labels.${path.join(".")}=polluted`] },
      ];
      for (const sources of attempts) {
        try {
          resolve(sources);
        } catch (error) {
          assert.ok(isCantleError(error), String(error));
        }
      }
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), before);
      assert.equal(({} as Record<string, unknown>).polluted, undefined);
    }),
  );
  const labels = resolve({ set: ["accounts.labels.constructor=x"] }).value.labels;
  assert.equal(labels.constructor, "x");
});

test("no secret is in any error, whatever the schema says of it and however it was given", () => {
  const leaky = z
    .object({
      password: z.string().refine((text) => text === "right", { error: (issue) => `'${issue.input}' is wrong` }),
      pin: z.number().meta({ format: "password" }).optional(),
      plain: z.string().optional(),
      smtp: z.object({ apiKey: z.string().optional(), host: z.string().optional() }).optional(),
    })
    .superRefine((all, context) => {
      context.addIssue({ code: "custom", message: `nothing of ${JSON.stringify(all)} is right` });
    });
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/).map((text) => `Q${text}`);
  fc.assert(
    fc.property(secret, (text) => {
      const attempts: ConfigSources[] = [
        { file: { from: "c", content: { accounts: { password: text, pin: text } } } },
        { environment: { ACCOUNTS_PASSWORD: text, ACCOUNTS_PIN: text } },
        { environment: { ACCOUNTS_SMTP: `{"apiKey":"${text}"` } },
        { environment: { ACCOUNTS_SMTP: `{"apiKey":"${text}"}`, ACCOUNTS_PASSWORD: "right" } },
        { secretFiles: { ACCOUNTS_PLAIN_FILE: text }, set: ["accounts.password=right"] },
        { set: [`accounts.password=${text}`, `accounts.pin=${text}`, `accounts.pasword=${text}`, `=${text}`] },
      ];
      for (const sources of attempts) {
        const errors = errorsOf(() => resolveConfigs({ services: { accounts: leaky }, sources }));
        assert.ok(!JSON.stringify(errors).includes(text), JSON.stringify(errors));
      }
    }),
  );
});

test("secrets are masked where configuration is shown, by source, by mark and by name", () => {
  const secrets = z.object({
    signing: z.string().meta({ format: "password" }),
    sealed: z.string().meta({ writeOnly: true }),
    sessionSecret: z.string(),
    plain: z.string(),
    clients: z.array(z.object({ id: z.string(), apiKey: z.string() })),
    tokens: z.record(z.string(), z.string()),
    url: z.string(),
    limit: z.number().default(3),
  });
  const resolved = resolveConfig({
    name: "accounts",
    schema: secrets,
    sources: {
      file: {
        from: "config.yaml",
        content: {
          accounts: {
            signing: "hidden-1",
            sealed: "hidden-2",
            sessionSecret: "hidden-3",
            clients: [{ id: "a", apiKey: "hidden-4" }],
            tokens: { "a.b": "hidden-5" },
            url: "postgres://me:hidden-6@db/accounts",
          },
        },
      },
      secretFiles: { ACCOUNTS_PLAIN_FILE: "hidden-7\n" },
    },
  });
  assert.equal(resolved.value.plain, "hidden-7");
  const rows = describeConfig(resolved);
  assert.ok(!JSON.stringify(rows).includes("hidden"), JSON.stringify(rows));
  assert.deepEqual(rows.at(-1), { path: "accounts.limit", value: "3", source: "default", from: "schema" });
  assert.equal(rows.find((row) => row.path === "accounts.url")?.value, "postgres://me:********@db/accounts");
  assert.deepEqual(
    rows.find((row) => row.path === "accounts.plain"),
    {
      path: "accounts.plain",
      value: "********",
      source: "secret file",
      from: "ACCOUNTS_PLAIN_FILE",
    },
  );
});

test("a secret that a transform moved to another name is still masked, and what it grew out of is known", () => {
  const moving = z
    .object({ secret: z.string(), every: z.string() })
    .transform(({ secret, every }) => ({ auth: `Basic ${secret}`, every: { ms: Number(every) } }));
  const resolved = resolveConfig({
    name: "accounts",
    schema: moving,
    sources: { environment: { ACCOUNTS_SECRET: "hidden", ACCOUNTS_EVERY: "5" } },
  });
  const rows = describeConfig(resolved);
  assert.equal(rows.find((row) => row.path === "accounts.auth")?.value, "********");
  assert.equal(rows.find((row) => row.path === "accounts.every.ms")?.from, "ACCOUNTS_EVERY");
});

test("the host is told which secret files to read; a key of its own that ends in File is not one", () => {
  const services = { accounts: z.object({ certificate: z.string(), certificateFile: z.string(), secret: z.string() }) };
  const environment = { ACCOUNTS_SECRET_FILE: "/run/s", ACCOUNTS_CERTIFICATE_FILE: "/run/c", OTHER_FILE: "/run/o" };
  assert.deepEqual(secretFilesOf(services, environment), [{ variable: "ACCOUNTS_SECRET_FILE", file: "/run/s" }]);
});
