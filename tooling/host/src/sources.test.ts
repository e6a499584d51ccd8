import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { place, system } from "@cantle/system";
import { createSources } from "./sources.ts";

const folder = mkdtempSync(join(tmpdir(), "cantle-sources-"));
after(() => rmSync(folder, { recursive: true }));

const texts = {
  "system.ts": 'import { limits } from "./limits.ts";',
  "limits.ts": "export const limits = {};",
  "posts.ts": 'import { contract } from "./contract.ts";\nimport "./shared.ts";',
  "mail.ts": 'export { shared } from "./shared.ts";\nimport type { T } from "zod";',
  "contract.ts": "export const contract = {};",
  "shared.ts": "export const shared = {};",
};
for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);

const nowhere = (specifier: string) => import(specifier);
const services = {
  // What is read is the text of these functions; nobody calls them.
  posts: Object.assign(() => nowhere(""), { toString: () => 'async () => import("./posts.ts")' }),
  mail: Object.assign(() => nowhere(""), { toString: () => "() => import('./mail.ts')" }),
};
const blog = system("blog", { services });
const sources = createSources(blog, join(folder, "system.ts"));

const cases: [edited: string, placement: string, units: string[]][] = [
  ["posts.ts", "each", ["posts"]],
  ["contract.ts", "each", ["posts"]],
  ["shared.ts", "each", ["posts", "mail"]],
  ["mail.ts", "one", ["one"]],
  ["system.ts", "each", ["posts", "mail", "gateway"]],
  ["limits.ts", "each", ["posts", "mail", "gateway"]],
  ["config.yaml", "each", ["posts", "mail"]],
  ["config.test.yaml", "each", ["posts", "mail"]],
  ["below/config.yaml", "each", []],
  ["config.md", "each", []],
  ["notes.ts", "each", []],
];
for (const [edited, placement, units] of cases) {
  test(`with '${placement}', an edit of ${edited} belongs to ${units.join(" and ") || "nobody"}`, () => {
    assert.deepEqual(sources.unitsOf([join(folder, edited)], place(blog, placement)), units);
  });
}
