/** The program of a worker thread that runs a unit. Its main thread is its supervisor. */
import process from "node:process";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { asCantleError, explainError, isCantleError } from "@cantle/core";
import { loadSystem } from "./load-system.ts";
import { processLogger } from "./log.ts";
import { threadNetwork } from "./thread-network.ts";
import type { FromThread, ThreadData, ToThread } from "./thread-protocol.ts";
import { startUnit } from "./unit.ts";

const main = parentPort as MessagePort;
const data = workerData as ThreadData;
const tell = (message: FromThread, transfer: MessagePort[] = []) => main.postMessage(message, transfer);
const network = threadNetwork((to, port) => tell({ kind: "connect", to, port }, [port]));
const log = processLogger({ level: data.logLevel, pretty: true, write: (line) => tell({ kind: "line", line }) });

try {
  const running = await startUnit({
    ...data,
    system: await loadSystem(data.file),
    network,
    log,
    settings: { ...data.settings, env: process.env },
  });
  main.on("message", async (message: ToThread) => {
    if (message.kind === "accept") return network.accept(message.port);
    await running.stop();
    process.exit(0);
  });
  tell({ kind: "ready", addresses: running.addresses, services: running.services });
} catch (thrown) {
  const error = asCantleError(thrown);
  tell({
    kind: "failed",
    code: error.code,
    text: isCantleError(thrown) ? explainError(error) : `${explainError(error)}\n${(thrown as Error).stack ?? ""}`,
  });
  process.exit(1);
}
