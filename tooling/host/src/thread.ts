/** The program of a worker thread that runs a unit. Its main thread is its supervisor. */
import process from "node:process";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { asCantleError, explainError, isCantleError } from "@cantle/core";
import { createLineReader } from "@cantle/supervisor";
import { isExternal } from "./external-source.ts";
import { loadSystem } from "./load-system.ts";
import { processLogger } from "./log.ts";
import { threadNetwork } from "./thread-network.ts";
import type { FromThread, ThreadData, ToThread } from "./thread-protocol.ts";
import { startUnit, type UnitStart } from "./unit.ts";

const main = parentPort as MessagePort;
const data = workerData as ThreadData;
const tell = (message: FromThread, transfer: MessagePort[] = []) => main.postMessage(message, transfer);
const network = threadNetwork((to, port) => tell({ kind: "connect", to, port }, [port]));
const log = processLogger({ level: data.logLevel, pretty: true, write: (line) => tell({ kind: "line", line }) });

try {
  const system = await loadSystem(data.file);
  const start = { ...data, system, network, log, settings: { ...data.settings, env: process.env } };
  const [service = ""] = data.services;
  const running = isExternal(system, service) ? await startProgram(start, service) : await startUnit(start);
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

/** No supervisor minds the process group of a thread's program, and its output belongs to the system's. */
async function startProgram(start: UnitStart, service: string) {
  const { startExternalUnit } = await import("./external-unit.ts");
  const output = () => createLineReader((line) => tell({ kind: "line", line: `[${service}] ${line}\n` }));
  return startExternalUnit({ ...start, service, output, minded: false });
}
