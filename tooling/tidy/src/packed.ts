/** What changes in a package when it is packed: where its doors lead, and the URLs of files beside a module. */
import type { Manifest } from "./repository.ts";

/** The manifest of a packed package: exports and bins lead to `dist`, and nothing of the workshop is left. */
export function packedManifest(manifest: Manifest): object {
  const { scripts: _, devDependencies: __, ...kept } = manifest;
  return {
    ...kept,
    ...(manifest.exports && { exports: mapValues(manifest.exports, packedDoor) }),
    ...(typeof manifest.bin === "string" && { bin: compiled(manifest.bin, "js") }),
    ...(typeof manifest.bin === "object" && { bin: mapValues(manifest.bin, (path) => compiled(path, "js")) }),
  };
}

function packedDoor(target: unknown): unknown {
  if (typeof target !== "string" || !isSource(target)) return target;
  return { types: compiled(target, "d.ts"), default: compiled(target, "js") };
}

/** `./src/x.ts` → `./dist/x.js`; anything else stays. */
function compiled(path: string, extension: "js" | "d.ts"): string {
  return isSource(path) ? path.replace(/^(\.\/)?src\//, "./dist/").replace(/\.tsx?$/, `.${extension}`) : path;
}

function isSource(path: string): boolean {
  return /^(\.\/)?src\/.*\.tsx?$/.test(path);
}

function mapValues<V, R>(record: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The compiler rewrites the endings of imports; those in `new URL("./worker.ts", import.meta.url)` are left to us. */
export function rewriteUrls(code: string): string {
  return code.replace(
    /(new URL\(\s*["'`]\.{1,2}\/[^"'`\n]*)\.tsx?(["'`]\s*,\s*import\.meta\.url)/g,
    (_, before: string, after: string) => `${before}.js${after}`,
  );
}
