/**
 * The unit of an external service: this process is its program's host, nothing else runs here. It is in the registry under
 * the program's own address, so callers and the gateway go to the program directly.
 *
 * When the program ends, so does the host: the supervisor starts both again, with its back-off.
 */
import process from "node:process";
import { codes, delay, explainError } from "@cantle/core";
import { type Announced, createRegistration } from "@cantle/registry";
import type { ProgramOutput } from "./external-program.ts";
import { startExternal } from "./external-service.ts";
import { externalOf } from "./external-source.ts";
import { openInstanceDoor } from "./instance-door.ts";
import { join, type RunningUnit, type UnitStart } from "./unit.ts";

/** What it is told. */
export interface ExternalUnitStart extends Omit<UnitStart, "services"> {
  readonly service: string;
  /** Where the program's output goes; default where that of this process goes. */
  readonly output?: ProgramOutput;
  /** False where no supervisor minds the process group of this process. Default true. */
  readonly minded?: boolean;
}

/** Calls do not pass through this process, so nobody can say when the last one is done; most programs end at once on SIGTERM. */
const lastCallsMs = 250;

/** Starts the program and its host; resolves when it is well. Throws why it cannot be. */
export async function startExternalUnit(start: ExternalUnitStart): Promise<RunningUnit> {
  const { system, service, settings, output = "inherit", minded = true, signal } = start;
  const { uses = [], contract } = externalOf(system, service);
  const { instance, leases, metadata } = await join(start, { [service]: uses.map(({ name }) => name) });
  const { mesh, doors, started } = instance;
  const announced = (state: Announced["state"], addresses: readonly string[]): Announced[] => [
    { service, version: contract?.version ?? "0.0.0", addresses, state, metadata: metadata() },
  ];
  const registration = createRegistration({
    client: leases,
    instance: instance.id,
    services: announced("starting", []),
    clock: mesh.clock,
    random: mesh.random,
    log: mesh.log,
  });
  started.add(() => registration.stop());
  start.share?.follow(() => void registration.setMetadata(metadata()));
  try {
    const external = await startExternal({
      system,
      service,
      mesh,
      callerOf: doors.callerOf,
      settings,
      output,
      minded,
      signal,
      announce: (state, address) => registration.replace(announced(state, [address])),
    });
    const door = await openInstanceDoor(instance, settings.home, started);
    let stopping = false;
    void external.ended.then(async (error) => {
      if (stopping) return;
      mesh.log.error(explainError(error));
      // Out of the registry first, so that callers wait for the next one instead of knocking here.
      await started.stop();
      process.exit(codes[error.code].exit);
    });
    return {
      addresses: [external.address, door],
      services: [service],
      async stop() {
        stopping = true;
        await registration.setState("draining");
        await delay(mesh.clock, lastCallsMs);
        await external.stop();
        await started.stop();
      },
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
