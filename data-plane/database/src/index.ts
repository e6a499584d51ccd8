/** A service's own database. */
export { type Constraint, isUniqueViolation, markConstraint, violatedConstraint } from "./constraint.ts";
export { type DatabaseBinding, type DatabaseOptions, database } from "./database.ts";
export {
  type DatabaseEngine,
  type EngineFacts,
  type EngineOptions,
  isDatabaseEngine,
  type OpenEngine,
} from "./engine.ts";
export type { Execute, SqlFlavour } from "./execute.ts";
export { type DataLayer, type Joined, type JoinedBinding, type JoinOptions, joined } from "./joined.ts";
export type { Migration, MigrationDatabase, Migrations } from "./migrations.ts";
export type { Database, Forgetting, Queries, Transaction, TransactionOptions } from "./queries.ts";
export { onlyReads } from "./reads.ts";
