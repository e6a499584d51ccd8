/**
 * The ways into the services of a process: through its doors, for others, and in memory, for whoever is here too.
 * Either way the caller's version of the contract must be of the same major.
 */
import { type Caller, CantleError, type Operation, operationId, type Peer } from "@cantle/core";
import type { ServedOperation } from "@cantle/service";
import type { Connection, Doors, Served } from "@cantle/transport";

/** Who an instance may believe. */
export interface Trust {
  peerOf(token: string | undefined, service: string): Peer | Promise<Peer>;
  callerOf(assertion: string): Caller | Promise<Caller>;
}

/** The doors for callers of other processes; without trust nobody is believed. */
export function doorsOf(served: ReadonlyMap<string, Served>, trust: Trust | undefined): Doors {
  const nobody = (): never => {
    throw new CantleError("PEER_REFUSED", "this instance takes no calls from outside");
  };
  return {
    find(service, operation, wanted) {
      const found = served.get(`${service}.${operation}`);
      if (found !== undefined && wanted !== undefined) checkVersion(found.operation.version, wanted, service);
      return found;
    },
    list: () => [...served.values()],
    peerOf: trust?.peerOf ?? nobody,
    callerOf: trust?.callerOf ?? nobody,
  };
}

/** Calls of the same process: a lookup and a function call. A caller may have another version of the contract here too. */
export function colocated(served: ReadonlyMap<string, ServedOperation>): Connection["handle"] {
  return (call) => {
    const { operation } = call;
    const found = served.get(operationId(operation));
    if (found?.operation === operation) return found.handle(call);
    try {
      if (found === undefined) throw unknownOperation(operation);
      checkVersion(found.operation.version, operation.version, operation.service);
    } catch (error) {
      return Promise.reject(error);
    }
    return found.handle(call);
  };
}

function unknownOperation({ service, name }: Operation): CantleError {
  return new CantleError("OPERATION_UNKNOWN", `there is no operation '${name}' of '${service}' here`);
}

/**
 * A caller needs the same major, as others may mean anything. An older minor here may lack an operation or a member that the
 * caller knows; members it lacks are optional to the caller, and an operation it lacks is not found.
 */
function checkVersion(have: string, want: string, service: string): void {
  if (have.split(".")[0] === want.split(".")[0]) return;
  throw new CantleError(
    "CONTRACT_INCOMPATIBLE",
    `'${service}' runs version ${have}, and the caller was written for ${want}`,
    { help: "run both majors side by side until no caller needs the old one" },
  );
}
