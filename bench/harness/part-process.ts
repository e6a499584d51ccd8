/**
 * The program of every contestant's process: `part-process.ts FILE EXPORT JSON-ARGUMENTS`. Calls that export, says where the
 * part is, does what it is asked, and ends when the harness's channel does, however that happened.
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Asked, Part, Told } from "./part.ts";

const [file = "", name = "", args = "[]"] = process.argv.slice(2);
const tell = (told: Told) => process.send?.(told);
const textOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

// A part that is still starting when the harness leaves has nothing to stop.
let stop: Part["stop"] = () => {};
process.once("disconnect", async () => {
  setTimeout(() => process.exit(1), 20_000).unref();
  await stop();
  process.exit(0);
});

try {
  const module = (await import(pathToFileURL(file).href)) as Record<string, (...all: unknown[]) => Promise<Part>>;
  const part = await module[name]!(...(JSON.parse(args) as unknown[]));
  stop = part.stop;
  const { url, at, facts, pids = [process.pid] } = part;
  process.on("message", ({ ask, order }: Asked) => {
    const driving = part.drive === undefined ? Promise.reject(new Error("nothing to drive")) : part.drive(order);
    driving.then(
      (driven) => tell({ kind: "driven", ask, driven }),
      (error) => tell({ kind: "failed", ask, error: textOf(error) }),
    );
  });
  tell({ kind: "ready", facts: { pids, ...(url && { url }), ...(at && { at }), ...(facts && { facts }) } });
} catch (error) {
  process.stderr.write(`${textOf(error)}\n`);
  process.exit(1);
}
