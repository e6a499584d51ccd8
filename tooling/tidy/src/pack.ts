/**
 * `prepack` and `postpack` of every published package. Node refuses TypeScript under `node_modules`, so what is packed is
 * JavaScript with declarations:
 *
 * 1. prepack compiles the package into `dist` and points its `package.json` there; the original is kept beside it as
 *    `package.json.source`. It changes nothing unless compiling worked.
 * 2. postpack puts the original back and removes what prepack made.
 *
 * Packed is what the package's exports and bins lead to: no tests, no fixtures, a conformance suite only where it is exported.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CantleError, explainError } from "@cantle/core";
import { packedManifest, rewriteUrls } from "./packed.ts";
import { reachedFrom } from "./reach.ts";
import { entriesOf, type Manifest, readRepository } from "./repository.ts";

interface Folders {
  readonly package: string;
  readonly root: string;
  /** Where the compiler writes: other packages' code is compiled along, and left there. */
  readonly build: string;
}

function foldersOf(folder: string): Folders {
  const root = resolve(folder, "../..");
  return { package: folder, root, build: join(root, "node_modules/.cache/cantle-pack", relative(root, folder)) };
}

function prepack(folders: Folders): void {
  const manifestPath = join(folders.package, "package.json");
  const sourcePath = `${manifestPath}.source`;
  // A pack that was interrupted left its own package.json behind.
  if (existsSync(sourcePath)) renameSync(sourcePath, manifestPath);
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
  compile(folders);
  copyFileSync(join(folders.root, "LICENSE"), join(folders.package, "LICENSE"));
  copyFileSync(manifestPath, sourcePath);
  writeFileSync(manifestPath, `${JSON.stringify(packedManifest(manifest), null, 2)}\n`);
}

function postpack({ package: folder }: Folders): void {
  const manifestPath = join(folder, "package.json");
  if (existsSync(`${manifestPath}.source`)) renameSync(`${manifestPath}.source`, manifestPath);
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  rmSync(join(folder, "LICENSE"), { force: true });
}

function compile({ package: folder, root, build }: Folders): void {
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build, { recursive: true });
  const project = join(build, "tsconfig.json");
  writeFileSync(project, JSON.stringify(projectOf({ package: folder, root, build })));
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
    stdio: ["ignore", 2, 2],
  });
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(build, "out", relative(root, folder), "src"), dist, { recursive: true });
  for (const file of scriptsIn(dist)) writeFileSync(file, rewriteUrls(readFileSync(file, "utf8")));
}

function projectOf({ package: folder, root, build }: Folders): object {
  const repository = readRepository(root);
  const own = repository.packages.find((each) => each.folder === relative(root, folder));
  const reached = own === undefined ? [] : [...reachedFrom(repository, entriesOf(own))];
  return {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: {
      // Workspaces are sources to the compiler, so their common root is the repository's.
      rootDir: root,
      outDir: join(build, "out"),
      sourceMap: false,
      noEmitOnError: true,
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: reached.filter((path) => path.startsWith(`${own?.folder}/src/`)).map((path) => join(root, path)),
  };
}

function scriptsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function main(event: string | undefined): void {
  const folders = foldersOf(process.cwd());
  if (!existsSync(join(folders.root, "tsconfig.base.json")) || dirname(folders.package) === folders.root)
    throw new CantleError("USAGE", `${folders.package} is not the folder of a package`, {
      help: "npm pack -w @cantle/core",
    });
  if (event === "prepack") prepack(folders);
  else if (event === "postpack") postpack(folders);
  else throw new CantleError("USAGE", "pack.ts needs to know what to do", { help: "node pack.ts prepack | postpack" });
}

try {
  main(process.argv[2]);
} catch (error) {
  console.error(explainError(error));
  process.exitCode = 1;
}
