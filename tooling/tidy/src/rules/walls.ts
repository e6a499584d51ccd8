/**
 * Walls: how long a file or a function may be, how many parameters a function may have. They are ratchets: `walls.json`
 * lists what stands behind them already, with its size; it may shrink, never grow.
 */
import type { Finding, Rule } from "../finding.ts";
import { type FunctionShape, functionsOf } from "../functions.ts";
import { codeFiles, type Repository } from "../repository.ts";

const fileLinesMax = 500;
const functionLinesMax = 70;
const parametersMax = 3;
const listPath = "tooling/tidy/walls.json";

/** What may not grow past what. */
interface Wall {
  readonly name: "files" | "functions" | "parameters";
  readonly word: string;
  readonly max: number;
}

/** Place (`path` or `path#function`) → size. */
type Sizes = ReadonlyMap<string, number>;

function ratchet(repository: Repository, { name, word, max }: Wall, sizes: Sizes): Finding[] {
  const list = JSON.parse(repository.files.get(listPath)?.text ?? "{}") as Record<string, Record<string, number>>;
  const behind = new Map(Object.entries(list[name] ?? {}));
  const grown = [...sizes].flatMap(([place, size]): Finding[] => {
    const allowed = Math.max(behind.get(place) ?? 0, max);
    const what = `${size} ${word}, the wall is ${allowed}`;
    return size <= allowed ? [] : [{ place, what, remedy: "take out an idea and give it its own name" }];
  });
  const shrunk = [...behind].flatMap(([place, listed]): Finding[] => {
    const size = sizes.get(place) ?? 0;
    const remedy = size > max ? `write ${size} in ${listPath}` : `take it off ${listPath}`;
    return size >= listed ? [] : [{ place, what: `is smaller than ${listPath} says (${listed})`, remedy }];
  });
  return [...grown, ...shrunk];
}

/** A file is one idea. */
export const fileWall: Rule = {
  title: `no file is longer than ${fileLinesMax} lines`,
  reason: "a file is one idea with a name that is its title; 40 to 200 lines feel right",
  check: (repository) => {
    const sizes = new Map(codeFiles(repository).map(({ path, text }) => [path, text.trimEnd().split("\n").length]));
    return ratchet(repository, { name: "files", word: "lines", max: fileLinesMax }, sizes);
  },
};

/** A function fits a screen; one that lists tests is a file's worth of them, and its tests are counted instead. */
export const functionWall: Rule = {
  title: `no function is longer than ${functionLinesMax} lines`,
  reason: "a function fits a screen; 8 to 15 lines feel right",
  check: (repository) => {
    const sizes = sizesOf(repository, (each) => (each.listsTests ? 0 : each.lines));
    return ratchet(repository, { name: "functions", word: "lines", max: functionLinesMax }, sizes);
  },
};

/** Named fields beat positions. */
export const parameterWall: Rule = {
  title: `no function has more than ${parametersMax} parameters`,
  reason: "the fourth argument of a call says nothing to its reader",
  check: (repository) => {
    const sizes = sizesOf(repository, (each) => each.parameters);
    return ratchet(repository, { name: "parameters", word: "parameters", max: parametersMax }, sizes);
  },
};

function sizesOf(repository: Repository, size: (each: FunctionShape) => number): Sizes {
  const sizes = new Map<string, number>();
  for (const { path, scan } of codeFiles(repository)) {
    for (const each of functionsOf(scan.code)) {
      const place = `${path}#${each.name}`;
      sizes.set(place, Math.max(sizes.get(place) ?? 0, size(each)));
    }
  }
  return sizes;
}
