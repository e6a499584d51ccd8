import { databaseConformance } from "@cantle/database/conformance";
import { createSqliteEngine } from "./engine.ts";

databaseConformance({
  name: "SQLite in memory",
  newEngine: () => createSqliteEngine(),
  newUrl: () => "sqlite::memory:",
  shared: false,
  bytesType: "blob",
});
