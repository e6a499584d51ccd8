/** Loops, between files and between packages. */
import { arrows } from "../arrows.ts";
import type { Rule } from "../finding.ts";
import { resolveRelative } from "../imports.ts";
import { isForTests } from "../reach.ts";
import { codeFiles } from "../repository.ts";

/** No file or package is above and below itself. */
export const noLoops: Rule = {
  title: "no import loops, types included",
  reason: "a loop makes readers walk in circles, and a loop of types turns real with the first value",
  check: (repository) => {
    const files = new Map(
      codeFiles(repository).map((file) => [
        file.path,
        file.imports
          .filter(({ specifier, kind }) => specifier.startsWith(".") && kind === "static")
          .map(({ specifier }) => resolveRelative(file.path, specifier)),
      ]),
    );
    const packages = new Map(repository.packages.map((each) => [each.folder, [] as string[]]));
    for (const { file, source, target } of arrows(repository)) {
      if (!isForTests(repository, file.path)) packages.get(source.folder)?.push(target.folder);
    }
    return [...loopsIn(files), ...loopsIn(packages)].map((loop) => ({
      place: loop[0] as string,
      what: [...loop, loop[0]].join(" -> "),
      remedy: "move what both need into a file of its own, below both",
    }));
  },
};

/** The loops of a graph: one for each edge that leads back onto the path of a depth-first walk. */
export function loopsIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const loops: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at >= 0) loops.push(path.slice(at));
    if (at >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of new Set(graph.get(node))) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return loops;
}
