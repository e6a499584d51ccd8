/** The embedded engine of `@cantle/database`. */
export { createSqliteEngine, sqlite } from "./engine.ts";
export type { SqliteLimits } from "./limits.ts";
