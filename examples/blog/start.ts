/** `npm start`: the blog, the way `cantle start` runs it. Every option of that command goes on to it. */
import { join } from "node:path";
import process from "node:process";
import { runCli } from "cantle";

const system = join(import.meta.dirname, "system.ts");
process.exit(await runCli(["start", "--system", system, ...process.argv.slice(2)]));
