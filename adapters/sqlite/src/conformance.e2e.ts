import { databaseConformance } from "@cantle/database/conformance";
import { createSqliteEngine, sqlite } from "./engine.ts";
import { newUrl } from "./temporary.ts";

databaseConformance({
  name: "SQLite in a file, each opening with connections of its own",
  newEngine: () => createSqliteEngine(),
  newUrl,
  shared: true,
  bytesType: "blob",
});

databaseConformance({
  name: "SQLite in a file, all openings sharing a writer",
  newEngine: () => sqlite,
  newUrl,
  shared: true,
  bytesType: "blob",
});
