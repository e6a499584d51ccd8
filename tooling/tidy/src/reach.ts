/**
 * What leads to what: from the doors, bins and scripts to the product, from the tests to what only they need. Fixtures and
 * the like are not told by their names but by this, so they have the liberties of tests and no others have them.
 */
import { resolveRelative } from "./imports.ts";
import { codeFiles, entriesOf, isTest, type Manifest, type Repository, type SourceFile } from "./repository.ts";

/** Where walks begin. */
export interface Starts {
  readonly product: readonly string[];
  readonly tests: readonly string[];
}

/** The files that people, programs and tests start with. */
export function startsOf(repository: Repository): Starts {
  const shown = repository.packages.flatMap(entriesOf);
  const scripted = [
    ...scriptsOf("", repository.manifest),
    ...repository.packages.flatMap(({ folder, manifest }) => scriptsOf(`${folder}/`, manifest)),
  ];
  const paths = codeFiles(repository).map(({ path }) => path);
  const free = paths.filter((path) => /^(examples|bench)\//.test(path) || /\.config\.(ts|js|mjs)$/.test(path));
  const tests = paths.filter(isTest);
  return { product: [...shown, ...scripted, ...free.filter((path) => !isTest(path))], tests };
}

function scriptsOf(folder: string, { scripts = {} }: Manifest): string[] {
  const paths = Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.(ts|js|mjs)\b/g) ?? []);
  return paths.map((path) => resolveRelative(`${folder}package.json`, `./${path}`));
}

/** Every file that these lead to, themselves included. */
export function reachedFrom(repository: Repository, starts: readonly string[]): ReadonlySet<string> {
  const known = new Set(codeFiles(repository).map(({ path }) => path));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path) || !known.has(path)) return;
    reached.add(path);
    for (const next of leadsTo(repository.files.get(path) as SourceFile)) visit(next);
  };
  for (const path of starts) visit(path);
  return reached;
}

/** Besides its imports, a file leads to what it names in a string: workers and programs are started by their path. */
function leadsTo(file: SourceFile): string[] {
  const named = file.scan.strings.filter(({ text }) => /^\.{1,2}\/.*\.(ts|tsx|js|mjs)$/.test(text));
  return [...file.imports.map(({ specifier }) => specifier), ...named.map(({ text }) => text)]
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => resolveRelative(file.path, specifier));
}

const onlyTests = new WeakMap<Repository, ReadonlySet<string>>();

/** True for tests and for what only they lead to. */
export function isForTests(repository: Repository, path: string): boolean {
  if (isTest(path)) return true;
  let found = onlyTests.get(repository);
  if (found === undefined) {
    const { product, tests } = startsOf(repository);
    const inProduct = reachedFrom(repository, product);
    found = new Set([...reachedFrom(repository, tests)].filter((each) => !inProduct.has(each)));
    onlyTests.set(repository, found);
  }
  return found.has(path);
}
