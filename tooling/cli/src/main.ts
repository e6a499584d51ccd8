/** The program behind `bin/cantle.js`. */
import process from "node:process";
import { runCli } from "./run-cli.ts";

// The launcher that handed over holds a channel open. When it is gone, however it went, so is who asked.
if (process.channel) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}
// The reader of a pipe may leave early, as `head` does; that ends the command and is no mistake.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
}

const exit = await runCli(process.argv.slice(2));
// Where pipes are written to in the background, the last lines may still be on their way.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((sent) => void stream.write("", () => sent()));
// Modules of the user that were loaded may have left timers or connections behind.
process.exit(exit);
