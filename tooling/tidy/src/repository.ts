/**
 * The repository as data: texts by path, and what its `package.json` files say. Rules are functions of this value, so a
 * test can hold them against a planted mistake without touching a disk.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Import, importsOf } from "./imports.ts";
import { type Scan, scan } from "./scan.ts";

/** The folders that hold packages, lowest first. */
export const planes = ["foundation", "data-plane", "control-plane", "adapters", "tooling", "examples"] as const;

/** A plane. */
export type Plane = (typeof planes)[number];

/** A text file. */
export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly scan: Scan;
  readonly imports: readonly Import[];
}

/** A `package.json` under a plane. */
export interface Package {
  readonly name: string;
  readonly plane: Plane;
  /** The folder, from the root: `foundation/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What the rules read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly license?: string;
  readonly type?: string;
  readonly private?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Everything that the rules look at. */
export interface Repository {
  /** Where it is on disk. */
  readonly root: string;
  readonly files: ReadonlyMap<string, SourceFile>;
  readonly packages: readonly Package[];
  /** The root's `package.json`. */
  readonly manifest: Manifest;
}

/** The root of the repository that this package is in. */
export const repositoryRoot = resolve(import.meta.dirname, "../../..");

const ignoredFolders = new Set(["node_modules", "dist", ".git", ".cantle", "coverage"]);
const ignoredFiles = /\.(log|tgz|tsbuildinfo|source|sqlite|png|ico|woff2)$/;

/** Reads a repository from disk; what git would ignore is left out. */
export function readRepository(root = repositoryRoot): Repository {
  const texts: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !ignoredFolders.has(entry.name)) walk(path);
      if (entry.isFile() && !ignoredFiles.test(entry.name)) texts[path] = readFileSync(join(root, path), "utf8");
    }
  };
  walk("");
  return makeRepository(texts, root);
}

/** A repository from texts by path. */
export function makeRepository(texts: Readonly<Record<string, string>>, root = "/nowhere"): Repository {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, sourceFile(path, text)]));
  const packages = [...files.keys()].sort().flatMap((path) => {
    const match = /^([a-z-]+)\/[^/]+\/package\.json$/.exec(path);
    const plane = planes.find((each) => each === match?.[1]);
    if (plane === undefined) return [];
    const manifest = JSON.parse(texts[path] as string) as Manifest;
    return [{ name: manifest.name, plane, folder: path.replace(/\/package\.json$/, ""), manifest }];
  });
  return { root, files, packages, manifest: JSON.parse(texts["package.json"] ?? '{"name":"root"}') as Manifest };
}

function sourceFile(path: string, text: string): SourceFile {
  const lazy: { scan?: Scan; imports?: readonly Import[] } = {};
  return {
    path,
    text,
    get scan() {
      lazy.scan ??= scan(text);
      return lazy.scan;
    },
    get imports() {
      lazy.imports ??= importsOf(this.scan);
      return lazy.imports;
    },
  };
}

/** The files of code. */
export function codeFiles(repository: Repository): SourceFile[] {
  return [...repository.files.values()].filter(
    ({ path }) => /\.(ts|tsx|js|mjs)$/.test(path) && !path.includes("/mistakes/"),
  );
}

/** The code files of a package. */
export function filesOf(repository: Repository, { folder }: Package): SourceFile[] {
  return codeFiles(repository).filter(({ path }) => path.startsWith(`${folder}/`));
}

/** The package that a file is in. */
export function packageAt(repository: Repository, path: string): Package | undefined {
  return repository.packages.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** True for the three rings of tests: `x.test.ts`, `x.sim.ts`, `x.e2e.ts`. */
export function isTest(path: string): boolean {
  return /\.(test|sim|e2e)\.tsx?$/.test(path);
}

/** The files that a package shows to others or starts, from the root. */
export function entriesOf({ folder, manifest }: Package): string[] {
  const bins = typeof manifest.bin === "string" ? [manifest.bin] : Object.values(manifest.bin ?? {});
  const exported = Object.values(manifest.exports ?? {}).filter((target) => typeof target === "string");
  return [...exported, ...bins].map((target) => `${folder}/${target.replace(/^\.\//, "")}`);
}
