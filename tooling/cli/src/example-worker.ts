/** The thread of `example-call.ts`: loads the contracts of a system, answers with a command to try, or null. */
import { parentPort, workerData } from "node:worker_threads";
import type { Operation } from "@cantle/core";
import { loadSystem } from "@cantle/host";
import { loadService } from "@cantle/system";
import { chooseOperation, curlOf } from "./example.ts";
import type { ExampleQuestion } from "./example-call.ts";

const { file, url, services } = workerData as ExampleQuestion;
parentPort?.postMessage(await find());

async function find(): Promise<string | null> {
  const system = await loadSystem(file);
  const operations: Operation[] = [];
  for (const name of services) {
    const source = system.services[name];
    if (typeof source !== "function") continue;
    const definition = await loadService(system, name).catch(() => undefined);
    operations.push(...Object.values<Operation>(definition?.contract.operations ?? {}));
  }
  const chosen = chooseOperation(operations);
  return chosen === undefined ? null : curlOf(chosen, url);
}
