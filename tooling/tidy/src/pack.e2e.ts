/**
 * Packs packages the way npm does, in a copy of the repository so that nobody meets a half-packed one, installs the
 * tarballs in an empty folder, and uses them there from JavaScript and from TypeScript.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { planes, repositoryRoot } from "./repository.ts";

const packed = ["core", "telemetry", "contract", "config"];
const work = mkdtempSync(join(tmpdir(), "cantle-pack-"));
const copy = join(work, "repository");
const user = join(work, "user");

after(() => rmSync(work, { recursive: true, force: true }));

/** The sources are copied; of `node_modules` only our own packages must lead to the copy. */
function copyRepository(): void {
  mkdirSync(join(copy, "node_modules/@cantle"), { recursive: true });
  for (const file of ["package.json", "tsconfig.base.json", "LICENSE"])
    cpSync(join(repositoryRoot, file), join(copy, file));
  for (const plane of planes) {
    const source = join(repositoryRoot, plane);
    cpSync(source, join(copy, plane), {
      recursive: true,
      filter: (path) => !/node_modules|\/dist$|\.cantle/.test(path),
    });
    for (const folder of readdirSync(join(copy, plane))) linkPackage(join(copy, plane, folder));
  }
  for (const name of readdirSync(join(repositoryRoot, "node_modules"))) {
    if (name === "@cantle" || name === "cantle" || name === ".cache") continue;
    symlinkSync(join(repositoryRoot, "node_modules", name), join(copy, "node_modules", name));
  }
}

function linkPackage(folder: string): void {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string };
    mkdirSync(dirname(join(copy, "node_modules", name)), { recursive: true });
    symlinkSync(folder, join(copy, "node_modules", name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" && (error as NodeJS.ErrnoException).code !== "ENOTDIR")
      throw error;
  }
}

function npm(cwd: string, ...args: string[]): string {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function tarballs(): string[] {
  return packed.map((name) => join(work, `cantle-${name}-${versionOf(name)}.tgz`));
}

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(join(copy, `foundation/${name}/package.json`), "utf8")) as { version: string })
    .version;
}

before(() => {
  copyRepository();
  npm(copy, "pack", "--pack-destination", work, ...packed.flatMap((name) => ["-w", `@cantle/${name}`]));
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  npm(user, "install", "--offline", "--no-audit", "--no-fund", ...tarballs());
});

test("a tarball holds JavaScript, declarations, the manual and the licence, and nothing else", () => {
  for (const tarball of tarballs()) {
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    const others = files.filter(
      (path) => !/^package\/(dist\/.*\.(js|d\.ts)|package\.json|LICENSE|README\.md)$/.test(path),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      files.filter((path) => /\.(test|sim|e2e)\./.test(path)),
      [],
    );
    assert.ok(files.includes("package/dist/index.js") && files.includes("package/LICENSE"), tarball);
  }
});

test("packing leaves the sources as they were", () => {
  for (const name of packed) {
    const manifest = (root: string) => readFileSync(join(root, `foundation/${name}/package.json`), "utf8");
    assert.equal(manifest(copy), manifest(repositoryRoot));
    const left = readdirSync(join(copy, "foundation", name)).filter((entry) =>
      /^(dist|LICENSE|.*\.source)$/.test(entry),
    );
    assert.deepEqual(left, []);
  }
});

test("what is installed runs as JavaScript", () => {
  const program = `
    import { CantleError, isCantleError } from "@cantle/core";
    import { contract, get } from "@cantle/contract";
    import { silentLogger } from "@cantle/telemetry";
    import { variableOf } from "@cantle/config";
    silentLogger.info("quiet");
    const blog = contract("blog", { version: "1.0.0", operations: { all: get("/posts", {}) } });
    console.log(blog.operations.all.path, isCantleError(new CantleError("USAGE", "no")), variableOf("blog", ["pageSize"]));`;
  writeFileSync(join(user, "use.js"), program);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const output = execFileSync(process.execPath, ["use.js"], { cwd: user, env, encoding: "utf8" });
  assert.equal(output, "/posts true BLOG_PAGE_SIZE\n");
});

function check(program: string): string {
  writeFileSync(join(user, "use.ts"), program);
  const options = { strict: true, noEmit: true, module: "NodeNext", target: "ES2024", skipLibCheck: false, types: [] };
  writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.ts"] }));
  const tsc = join(repositoryRoot, "node_modules/typescript/bin/tsc");
  try {
    return execFileSync(process.execPath, [tsc, "-p", user], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test("what is installed is typed: right use passes, a mistake is named", () => {
  const right = `
    import { type Code, CantleError } from "@cantle/core";
    import { contract, get } from "@cantle/contract";
    const code: Code = "USAGE";
    const blog = contract("blog", { version: "1.0.0", operations: { all: get("/posts", {}) } });
    export const path: "/posts" = blog.operations.all.path;
    export const error = new CantleError(code, "no");`;
  assert.equal(check(right), "");
  assert.match(check(right.replace('"USAGE"', '"NO_SUCH_CODE"')), /NO_SUCH_CODE/);
});
