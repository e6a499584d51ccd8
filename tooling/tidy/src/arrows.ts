/** The imports between packages. */
import { moduleOf } from "./imports.ts";
import { codeFiles, type Package, packageAt, type Repository, type SourceFile } from "./repository.ts";

/** One import of one package by another. */
export interface Arrow {
  readonly file: SourceFile;
  readonly line: number;
  readonly source: Package;
  readonly target: Package;
}

/** Every import of a package by another. */
export function arrows(repository: Repository): Arrow[] {
  return codeFiles(repository).flatMap((file) => {
    const source = packageAt(repository, file.path);
    if (source === undefined) return [];
    return file.imports.flatMap(({ specifier, line }) => {
      const target = repository.packages.find(({ name }) => name === moduleOf(specifier));
      return target === undefined || target === source ? [] : [{ file, line, source, target }];
    });
  });
}
