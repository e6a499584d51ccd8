/** What every package has: one version, one licence, a manual with four headings, and a list of what it needs that is true. */
import { builtinModules } from "node:module";
import type { Finding, Rule } from "../finding.ts";
import { type Import, moduleOf } from "../imports.ts";
import { isForTests } from "../reach.ts";
import { filesOf, type Manifest, type Package, type Repository } from "../repository.ts";

/** One release. */
export const sameManifest: Rule = {
  title: "packages share version, licence, engines and module type, and are packed the same way",
  reason: "packages are released together; a user should not find two truths",
  check: (repository) => {
    const { version, license } = repository.manifest;
    const engines = repository.packages[0]?.manifest.engines?.node;
    return repository.packages
      .filter(({ plane }) => plane !== "examples")
      .flatMap((each) => {
        const { manifest } = each;
        const expected: [string, unknown, unknown][] = [
          ["version", manifest.version, version],
          ["license", manifest.license, license],
          ["engines.node", manifest.engines?.node, engines],
          ["type", manifest.type, "module"],
        ];
        if (manifest.private !== true) {
          expected.push(["scripts.prepack", manifest.scripts?.prepack, packScript("prepack")]);
          expected.push(["scripts.postpack", manifest.scripts?.postpack, packScript("postpack")]);
          expected.push(["files has dist", manifest.files?.includes("dist"), true]);
        }
        return mismatches(each, expected);
      });
  },
};

function packScript(event: string): string {
  return `node ../../tooling/tidy/src/pack.ts ${event}`;
}

function mismatches({ folder }: Package, expected: [string, unknown, unknown][]): Finding[] {
  return expected
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => ({
      place: `${folder}/package.json`,
      what: `${what} is ${JSON.stringify(is)}`,
      remedy: `write ${JSON.stringify(should)}`,
    }));
}

/** One copy of everything. */
export const pinnedDependencies: Rule = {
  title: "dependencies are exact versions, and the same one everywhere",
  reason: "what was tested is what is installed, once",
  check: (repository) => {
    const chosen = new Map<string, string>();
    const own = new Map(repository.packages.map(({ name, manifest }) => [name, manifest.version]));
    return repository.packages.flatMap(({ folder, manifest }) =>
      Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies }).flatMap(
        ([name, range]): Finding[] => {
          const expected = own.get(name) ?? chosen.get(name) ?? range;
          chosen.set(name, expected);
          const place = `${folder}/package.json`;
          if (range !== expected) return [{ place, what: `${name} is ${range}`, remedy: `write ${expected}` }];
          return /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)
            ? []
            : [{ place, what: `${name} is ${range}`, remedy: "write an exact version" }];
        },
      ),
    );
  },
};

/** Nothing borrowed, nothing idle. */
export const declaredImports: Rule = {
  title: "a package declares every module it imports, and imports every module it declares",
  reason: "what is not declared works here and fails at a user's",
  check: (repository) => repository.packages.flatMap((each) => undeclared(repository, each)),
};

function undeclared(repository: Repository, each: Package): Finding[] {
  const { folder, manifest } = each;
  const place = `${folder}/package.json`;
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  const forTests = { ...runtime, ...manifest.devDependencies, ...repository.manifest.devDependencies };
  const own = new Set(repository.packages.map(({ name }) => name));
  const used = new Set<string>();
  const missing = filesOf(repository, each).flatMap(({ path, imports }) =>
    imports.filter(isForeign).flatMap(({ specifier, line }): Finding[] => {
      const name = moduleOf(specifier);
      used.add(name);
      if (name === manifest.name) return [];
      // Tests of this repository may use any of its packages.
      const allowed = isForTests(repository, path)
        ? Object.hasOwn(forTests, name) || own.has(name)
        : Object.hasOwn(runtime, name);
      if (allowed) return [];
      return [{ place: `${path}:${line}`, what: `imports ${name}`, remedy: `add it to dependencies in ${place}` }];
    }),
  );
  const named = namesIn(repository, each);
  const idle = declaredIn(manifest)
    .filter((name) => !used.has(name) && !named.some((text) => moduleOf(text) === name))
    .map((name) => ({ place, what: `${name} is declared and never imported`, remedy: "take it out" }));
  return [...missing, ...idle];
}

/** The texts in which a program or a file of another module may be named: strings of code, words of scripts. */
function namesIn(repository: Repository, each: Package): string[] {
  const strings = filesOf(repository, each).flatMap(({ scan }) => scan.strings.map(({ text }) => text));
  return [...strings, ...Object.values(each.manifest.scripts ?? {}).flatMap((script) => script.split(/\s+/))];
}

function declaredIn(manifest: Manifest): string[] {
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  }).filter((name) => !name.startsWith("@types/"));
}

const builtins = new Set(builtinModules);

/** True for what comes from another package, ours or npm's. */
export function isForeign({ specifier }: Import): boolean {
  return !/^(\.|\/|#|node:|data:|https?:)/.test(specifier) && !builtins.has(specifier);
}

const headings = ["## Use", "## Inside", "## Not here"];

/** The same manual everywhere. */
export const sameReadme: Rule = {
  title: "every package has a README.md with its name and the headings Use, Inside and Not here",
  reason: "who has read one knows where to look in all",
  check: (repository) =>
    repository.packages
      .filter(({ plane }) => plane !== "examples")
      .flatMap(({ name, folder }): Finding[] => {
        const place = `${folder}/README.md`;
        const text = repository.files.get(place)?.text;
        if (text === undefined)
          return [{ place, what: "is missing", remedy: `write it: # ${name}, ${headings.join(", ")}` }];
        const found = withoutFences(text).match(/^##? .*$/gm) ?? [];
        const expected = [`# ${name}`, ...headings];
        if (found.join("\n") === expected.join("\n")) return [];
        return [{ place, what: `has the headings ${found.join(", ")}`, remedy: `write ${expected.join(", ")}` }];
      }),
};

/** Markdown without its code blocks; lines are kept. */
export function withoutFences(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ""));
}
