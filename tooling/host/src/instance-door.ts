/**
 * The door of a process that runs no service of the system: the gateway, a program's host, a whole system in one process. A Unix
 * socket that only this user can reach, behind it only what an instance says of itself, and that to the platform alone.
 */
import type { Started } from "@cantle/core";
import { type Doors, listenWire } from "@cantle/transport";
import { socketOf } from "./addresses.ts";
import { instanceContract, instanceService } from "./describe.ts";
import type { Instance } from "./instance.ts";

/** Opens it, until `started` stops; answers with its address. */
export async function openInstanceDoor(instance: Instance, home: string, started: Started): Promise<string> {
  const { clock, random } = instance.mesh;
  const [failure] = (await instance.run([instanceService(instance)])).values();
  if (failure !== undefined) throw failure;
  const { name } = instanceContract;
  const doors: Doors = {
    ...instance.doors,
    find: (service, operation, version) =>
      service === name ? instance.doors.find(service, operation, version) : undefined,
    list: () => instance.doors.list().filter(({ operation }) => operation.service === name),
  };
  const listener = await listenWire(socketOf(home, instance.id), doors, { clock, random });
  started.add(() => listener.stop(0));
  return listener.address;
}
