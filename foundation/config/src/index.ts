/** Typed configuration merged from named sources. */
export { closest } from "./closest.ts";
export { type ConfigRow, describeConfig } from "./describe.ts";
export { type Assignment, parseSet } from "./layer.ts";
export {
  type ConfigRequest,
  type ConfigsRequest,
  type ResolvedConfig,
  type ResolvedConfigs,
  resolveConfig,
  resolveConfigs,
  secretFilesOf,
} from "./resolve.ts";
export { isSecretName, mask } from "./secret.ts";
export type { ConfigFile, ConfigSources, Origin, SourceKind } from "./sources.ts";
export { variableOf } from "./variable.ts";
