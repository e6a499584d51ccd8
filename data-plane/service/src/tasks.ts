/** One-off work of a service: its handlers' context, without a caller and without a deadline. */
import { Call, CantleError, newTrace, type Operation, type Peer } from "@cantle/core";
import { type ContextHost, contextMaker } from "./context.ts";
import type { ServiceDefinition } from "./service.ts";

/** Runs a task by its name. Throws `OPERATION_UNKNOWN` for one that is not there. */
export type RunTask = (name: string) => Promise<unknown>;

/** The way to run a service's tasks. */
export function taskRunner({ contract, tasks }: ServiceDefinition, peer: Peer, host: ContextHost): RunTask {
  return async (name) => {
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (task === undefined) {
      const known = Object.keys(tasks);
      throw new CantleError("OPERATION_UNKNOWN", `'${contract.name}' has no task '${name}'`, {
        place: `service(${contract.name}).tasks`,
        help: known.length > 0 ? `its tasks are ${known.join(", ")}` : "it has none",
      });
    }
    const operation = operationOf(contract.name, contract.version, name);
    const call = new Call(operation, {
      payload: { kind: "value", value: undefined },
      peer,
      trace: newTrace(host.random),
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    return task(contextMaker(operation, host)(call));
  };
}

/** What a task looks like to logs and traces; no gateway and no peer ever sees it. */
function operationOf(service: string, version: string, name: string): Operation {
  return {
    kind: "operation",
    service,
    name,
    version,
    method: "POST",
    path: "/",
    shape: "value",
    status: 204,
    idempotent: false,
    timeoutMs: Number.MAX_SAFE_INTEGER,
    uploadBytesMax: 0,
    bodyBytesMax: 0,
    deprecated: false,
  };
}
