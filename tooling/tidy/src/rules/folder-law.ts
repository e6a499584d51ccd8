/** Which package may import which. The planes are floors: arrows go down, and inside the data plane too. */

import { arrows } from "../arrows.ts";
import type { Rule } from "../finding.ts";
import { isForTests } from "../reach.ts";
import { codeFiles, type Package } from "../repository.ts";

/** Inside the data plane; packages of one rank are strangers to each other. */
const dataPlaneRanks: Readonly<Record<string, number>> = {
  transport: 0,
  mesh: 0,
  service: 1,
  gateway: 1,
  messaging: 1,
  database: 2,
  saga: 3,
};

/** Arrows go down only. */
export const folderLaw: Rule = {
  title: "packages import only what stands below them",
  reason: "a plane that knows what is above it cannot be understood, tested or replaced alone",
  check: (repository) =>
    arrows(repository).flatMap(({ file, line, source, target }) => {
      const broken = isForTests(repository, file.path) ? brokenByTest(source, target) : brokenBy(source, target);
      const what = `${source.name} imports ${target.name}: ${broken}`;
      const remedy = "own a port where it is needed and let the other implement it";
      return broken === undefined ? [] : [{ place: `${file.path}:${line}`, what, remedy }];
    }),
};

/** Tests may also use engines, and the package made for testing. */
function brokenByTest(source: Package, target: Package): string | undefined {
  if (target.plane === "adapters" && source.plane !== "foundation") return undefined;
  return target.name === "@cantle/testing" ? undefined : brokenBy(source, target);
}

function brokenBy(source: Package, target: Package): string | undefined {
  if (target.plane === "examples") return source.plane === "examples" ? undefined : "nobody imports examples";
  switch (source.plane) {
    case "foundation":
      return target.plane === "foundation" ? undefined : "foundation imports nothing above it";
    case "data-plane":
      return brokenInDataPlane(source, target);
    case "control-plane":
      return ["foundation", "data-plane", "control-plane"].includes(target.plane)
        ? undefined
        : `the control plane does not know ${target.plane}`;
    case "adapters":
      return ["foundation", "data-plane", "control-plane"].includes(target.plane)
        ? undefined
        : "an adapter knows the package that owns its port, and the foundation";
    case "tooling":
      return target.plane === "adapters" && source.name !== "@cantle/host" ? "only the host loads adapters" : undefined;
    case "examples":
      return undefined;
  }
}

function brokenInDataPlane(source: Package, target: Package): string | undefined {
  if (target.plane === "foundation") return undefined;
  if (target.plane !== "data-plane") return "the data plane goes on when everything above it is gone";
  const [from, to] = [source, target].map(({ folder }) => dataPlaneRanks[folder.split("/")[1] as string]);
  if (from === undefined || to === undefined) return "one of them has no rank yet; give it one in folder-law.ts";
  return to < from ? undefined : "packages of one rank are strangers, and a lower one knows no higher";
}

/** An adapter is about one port. */
export const oneOwner: Rule = {
  title: "an adapter imports one package besides the foundation",
  reason: "an adapter that serves two owners has two reasons to change",
  check: (repository) =>
    repository.packages
      .filter(({ plane }) => plane === "adapters")
      .flatMap((adapter) => {
        const owners = new Set(
          arrows(repository)
            .filter(
              ({ source, target, file }) =>
                source === adapter && target.plane !== "foundation" && !isForTests(repository, file.path),
            )
            .map(({ target }) => target.name),
        );
        if (owners.size <= 1) return [];
        const what = `${adapter.name} imports ${[...owners].join(" and ")}`;
        return [{ place: adapter.folder, what, remedy: "make an adapter for each owner" }];
      }),
};

/** The foundation runs anywhere. */
export const pureFoundation: Rule = {
  title: "the foundation imports no part of Node and no npm module",
  reason: "it runs in a browser and does no input or output",
  check: (repository) =>
    codeFiles(repository)
      .filter(({ path }) => path.startsWith("foundation/") && !isForTests(repository, path))
      .flatMap((file) =>
        file.imports
          .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("@cantle/"))
          .map(({ specifier, line }) => ({
            place: `${file.path}:${line}`,
            what: `imports ${specifier}`,
            remedy: "let whoever calls pass it in",
          })),
      ),
};
