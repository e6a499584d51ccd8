/** The rules of the house. */
import type { Rule } from "./finding.ts";
import { importListIsTrue } from "./import-list.ts";
import { bannedGlobals } from "./rules/banned-globals.ts";
import { documentedExports, namedDebts } from "./rules/comments.ts";
import { noDeadFiles } from "./rules/dead-files.ts";
import { linksResolve, looseFiles } from "./rules/documents.ts";
import { codesAreDocumented, codesAreThrown } from "./rules/error-codes.ts";
import { folderLaw, oneOwner, pureFoundation } from "./rules/folder-law.ts";
import { frontDoor } from "./rules/front-door.ts";
import { noLoops } from "./rules/loops.ts";
import { declaredNames, folderNames, kebabFiles, namedExports, unitSuffixes } from "./rules/names.ts";
import { declaredImports, pinnedDependencies, sameManifest, sameReadme } from "./rules/packages.ts";
import { fileWall, functionWall, parameterWall } from "./rules/walls.ts";

/** Every rule that is a function of the repository's texts. */
export const rules: readonly Rule[] = [
  folderLaw,
  oneOwner,
  frontDoor,
  noLoops,
  pureFoundation,
  importListIsTrue,
  noDeadFiles,
  fileWall,
  functionWall,
  parameterWall,
  bannedGlobals,
  folderNames,
  kebabFiles,
  declaredNames,
  namedExports,
  unitSuffixes,
  codesAreDocumented,
  codesAreThrown,
  namedDebts,
  documentedExports,
  sameManifest,
  pinnedDependencies,
  declaredImports,
  sameReadme,
  looseFiles,
  linksResolve,
];
