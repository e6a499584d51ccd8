/** How packages and files are entered. */
import type { Finding, Rule } from "../finding.ts";
import { moduleOf, resolveRelative } from "../imports.ts";
import { codeFiles, packageAt } from "../repository.ts";

/** Doors, not windows. */
export const frontDoor: Rule = {
  title: "packages are entered by their exports, files by their own package",
  reason: "what can be reached by a path cannot be moved",
  check: (repository) =>
    codeFiles(repository).flatMap((file) => {
      const home = packageAt(repository, file.path);
      return file.imports.flatMap(({ specifier, line }): Finding[] => {
        const place = `${file.path}:${line}`;
        if (specifier.startsWith(".")) {
          const target = resolveRelative(file.path, specifier);
          if (home === undefined || target.startsWith(`${home.folder}/`)) return [];
          return [{ place, what: `${specifier} leaves the package`, remedy: "import the other package by its name" }];
        }
        const target = repository.packages.find(({ name }) => name === moduleOf(specifier));
        const door = `.${specifier.slice(moduleOf(specifier).length)}`;
        if (target === undefined || Object.hasOwn(target.manifest.exports ?? {}, door)) return [];
        const remedy = `use one of: ${Object.keys(target.manifest.exports ?? {}).join(", ")}`;
        return [{ place, what: `${target.name} has no door '${door}'`, remedy }];
      });
    }),
};
