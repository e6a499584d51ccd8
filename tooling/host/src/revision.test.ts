import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type RevisionOf, revisionOf } from "./revision.ts";

const folder = mkdtempSync(join(tmpdir(), "cantle-revision-"));
after(() => rmSync(folder, { recursive: true }));
const source = join(folder, "posts.ts");
writeFileSync(source, "export const posts = 1;");

const before: RevisionOf = {
  role: { kind: "services", services: ["blog-posts"] },
  services: ["blog-posts"],
  files: [source],
  settings: { folder, home: folder, env: { BLOG_POSTS_MAX: "1", HOME: "/a", LOG_LEVEL: "info" }, set: [] },
  speak: "wire",
};

function withEnv(env: Record<string, string>): RevisionOf {
  return { ...before, settings: { ...before.settings, env: { ...before.settings.env, ...env } } };
}

test("what has nothing to do with a unit is not in its revision", () => {
  const others = { HOME: "/b", SHLVL: "3", BLOG_POSTER: "x", ACCOUNTS_MAX: "1", NODE_COMPILE_CACHE: "/c" };
  assert.equal(revisionOf(withEnv(others)), revisionOf(before));
  assert.equal(revisionOf(before), revisionOf(structuredClone(before)));
});

for (const [what, after] of [
  ["a variable of a service", withEnv({ BLOG_POSTS_MAX: "2" })],
  ["a variable of the platform", withEnv({ LOG_LEVEL: "debug" })],
  ["a value that was set", { ...before, settings: { ...before.settings, set: ["blog-posts.max=3"] } }],
  ["another role", { ...before, role: { kind: "services", services: ["blog-posts", "mail"] } }],
  ["another file", { ...before, files: [] }],
  ["another manner of speaking", { ...before, speak: "http" }],
] as const) {
  test(`${what} makes another revision`, () => assert.notEqual(revisionOf(after as RevisionOf), revisionOf(before)));
}

for (const name of ["posts.ts", "config.yaml"]) {
  test(`an edit of ${name} makes another revision`, () => {
    const revision = revisionOf(before);
    writeFileSync(join(folder, name), "blog-posts: { max: 7 }");
    assert.notEqual(revisionOf(before), revision);
  });
}
