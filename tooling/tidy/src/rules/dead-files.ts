/** Files that nothing leads to. */
import type { Rule } from "../finding.ts";
import { reachedFrom, startsOf } from "../reach.ts";
import { codeFiles } from "../repository.ts";

/** Code that nothing leads to. */
export const noDeadFiles: Rule = {
  title: "every file is imported, started, tested or shown",
  reason: "code that nothing leads to is read, changed and translated for nothing",
  check: (repository) => {
    const { product, tests } = startsOf(repository);
    const reached = reachedFrom(repository, [...product, ...tests]);
    return codeFiles(repository)
      .filter(({ path }) => !reached.has(path))
      .map(({ path }) => ({ place: path, what: "nothing leads here", remedy: "delete it, or import it" }));
  },
};
