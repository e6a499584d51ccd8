/**
 * A call that somebody can try at once, found in the contracts of a running system. They are loaded in a thread of their own:
 * what a service's module does when it is loaded is then no concern of the process that holds the system together.
 */
import { Worker } from "node:worker_threads";
import { systemClock } from "@cantle/core";

/** Where to look. */
export interface ExampleQuestion {
  /** The file that exports the system. */
  readonly file: string;
  /** Where its operations are: the gateway, with the prefix. */
  readonly url: string;
  /** The services to choose from, in order. */
  readonly services: readonly string[];
}

/** What loading the modules may take; then there is no example. */
const patienceMs = 5_000;

/** A `curl` command; undefined where nothing can be called without knowing more. */
export function curlToTry(question: ExampleQuestion): Promise<string | undefined> {
  return new Promise((resolve) => {
    // What the modules write is the business of the instances that run them.
    const worker = new Worker(new URL("./example-worker.ts", import.meta.url), {
      workerData: question,
      stdout: true,
      stderr: true,
    });
    const end = (found: unknown) => {
      timer.cancel();
      resolve(typeof found === "string" ? found : undefined);
      void worker.terminate();
    };
    const timer = systemClock.after(patienceMs, () => end(undefined));
    worker.once("message", end);
    worker.once("error", end);
    worker.once("exit", end);
    worker.unref();
  });
}
