/** Documents against a linter that is not ours: Redocly's, with all of its recommended rules. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { contract } from "./contract.ts";
import { bytes, del, get, patch, post, put } from "./draft.ts";
import { type OpenApiDocument, openapi } from "./openapi.ts";

const redocly = fileURLToPath(new URL("../../../node_modules/.bin/redocly", import.meta.url));
const about = { title: "Test", version: "1.0.0", license: { name: "Apache-2.0", identifier: "Apache-2.0" } };

/** What the linter has to say, a line for each remark. */
async function remarksOn(document: OpenApiDocument): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "cantle-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    await writeFile(file, JSON.stringify(document));
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const report = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        [redocly, "lint", file, "--extends=recommended", "--format=json"],
        { cwd: folder, env },
        (error, stdout, stderr) => (stdout.startsWith("{") ? resolve(stdout) : reject(error ?? new Error(stderr))),
      );
    });
    const { problems } = JSON.parse(report) as {
      problems: { ruleId: string; severity: string; message: string; location: { pointer?: string }[] }[];
    };
    return problems.map(
      ({ severity, ruleId, message, location }) => `${severity} ${ruleId} ${location[0]?.pointer}: ${message}`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const Account = z
  .object({ id: z.uuid(), email: z.email(), born: z.iso.date().optional(), size: z.number().default(3) })
  .meta({ id: "Account", description: "Somebody." });
const ById = z.object({ id: z.uuid().describe("Which one.") });
const accounts = contract("accounts", {
  version: "1.2.0",
  operations: {
    open: post("/accounts", {
      access: "public",
      summary: "Opens an account",
      description: "With *care*.",
      input: Account.omit({ id: true }),
      output: Account,
      status: 201,
      errors: {
        EmailTaken: { status: 409, data: z.object({ email: z.string() }), description: "Somebody has it." },
        EmailRefused: { status: 409 },
      },
    }),
    read: get("/accounts/{id}", {
      access: "user",
      input: ById,
      output: Account,
      slo: { availability: 0.999, latency: { ms: 100, target: 0.99 }, window: "30d" },
      errors: { NoSuchAccount: { status: 404 } },
    }),
    change: patch("/accounts/{account}", {
      access: "user",
      input: Account.partial().extend({ account: z.uuid() }),
      output: Account,
      errors: { Locked: { status: 422, data: Account } },
    }),
    close: del("/accounts/{id}", {
      access: { roles: ["admin", "owner"] },
      input: ById.extend({ force: z.boolean().default(false) }),
      deprecated: true,
      errors: { Busy: { status: 403 } },
    }),
    photo: put("/accounts/{id}/photo", {
      access: "user",
      input: ById,
      upload: bytes({ maxBytes: 5_000_000, types: ["image/png", "image/jpeg"] }),
    }),
    face: get("/accounts/{id}/face", { access: "public", input: ById, download: bytes({ types: ["image/png"] }) }),
    changes: get("/changes", { access: { roles: ["auditor"] }, stream: Account }),
    audit: get("/accounts/{id}/audit", { input: ById, output: z.array(z.string()) }),
  },
});

interface Tree {
  readonly name: string;
  readonly kids: readonly Tree[];
}
const Tree: z.ZodType<Tree> = z.object({ name: z.string(), kids: z.array(z.lazy(() => Tree)) });
const shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("round"), id: z.string(), radius: z.number() }),
  z.object({ kind: z.literal("square"), id: z.string(), side: z.number().nullable() }),
]);
const odd = contract("odd-ones", {
  version: "0.1.0-beta.1",
  operations: {
    root: get("/", { access: "public" }),
    poke: post("/poke", { access: "public" }),
    tree: put("/tree", { access: "public", input: z.object({ tree: Tree, other: Account }), output: Tree }),
    grow: post("/grow/{name}", {
      access: "public",
      input: Tree.and(z.object({ name: z.string() })),
      output: z.object({ trees: z.array(Tree) }),
    }),
    draw: post("/shapes/{id}", { access: "public", input: shape, output: shape }),
    search: get("/shapes", {
      access: "user",
      input: z.object({
        text: z.string().max(100).nullable().optional(),
        tags: z.array(z.string()).min(1),
        filter: z.object({ min: z.number(), max: z.number().optional() }).optional(),
        sort: z.enum(["up", "down"]).default("up").describe("Which way."),
        page: z.coerce.number<number>().int().min(1).optional(),
        old: z.string().meta({ deprecated: true }).optional(),
      }),
      output: z.tuple([z.string(), z.number()]),
    }),
    pick: get("/pick", { access: "user", input: shape, output: z.unknown() }),
    record: get("/record", {
      access: "public",
      input: z.record(z.string(), z.number()),
      output: z.record(z.string(), Account),
    }),
    loose: post("/loose", {
      access: "public",
      input: z.looseObject({ a: z.string().optional() }),
      output: z.union([
        z.null(),
        z.literal([1, "a", true]),
        z.strictObject({ a: z.templateLiteral(["x", z.number()]) }),
      ]),
    }),
    "two-words": post("/two-words", {
      access: "user",
      input: z.strictObject({ "odd name": z.string(), __proto: z.string() }),
      errors: { Gone: { status: 410, data: Tree }, Halted: { status: 503 } },
    }),
  },
});
const empty = contract("empty", { version: "1.0.0", operations: {} });
const accountsNext = contract("accounts", {
  version: "2.0.0",
  operations: {
    open: post("/v2/accounts", {
      access: "public",
      input: z.object({
        account: Account.meta({ id: "Account" }).extend({ more: z.string() }).meta({ id: "Account2" }),
      }),
      output: Account,
    }),
  },
});

const documents: [title: string, document: OpenApiDocument][] = [
  ["an ordinary contract", openapi([accounts], about)],
  [
    "with its internal operations",
    openapi([accounts], {
      ...about,
      access: "all",
      servers: [{ url: "https://api.cantle.dev", description: "All of it." }],
    }),
  ],
  ["unusual schemas", openapi([odd], about)],
  [
    "several contracts under a prefix, two versions of one",
    openapi([accounts, odd, empty, accountsNext], { ...about, prefix: "/api/", access: "all", description: "All." }),
  ],
  ["nothing", openapi([], about)],
  ["a contract without operations", openapi([empty], about)],
];

for (const [title, document] of documents) {
  test(`the linter has nothing to remark: ${title}`, async () => {
    assert.deepEqual(await remarksOn(document), []);
  });
}

test("the linter does remark what is wrong", async () => {
  const remarks = await remarksOn({
    ...openapi([accounts], about),
    tags: [{ name: "x", description: "" }],
    paths: { "/a/": { get: {} } },
  });
  assert.ok(remarks.length > 3, remarks.join("\n"));
});
