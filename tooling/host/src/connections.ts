/** The connections of an instance to other processes: one an address, opened when it is first used. */
import { CantleError, type Started } from "@cantle/core";
import type { Endpoint } from "@cantle/mesh";
import type { Connection } from "@cantle/transport";

/** Opens a connection to an address, for calls of a service. */
export type Connect = (address: string, service: string) => Connection;

/** None yet; those that are opened end with what was `started`. */
export function createConnections(connect: Connect | undefined, started: Started) {
  const open = new Map<string, Connection>();
  started.add(async () => void (await Promise.all([...open.values()].map((connection) => connection.close()))));
  return {
    to({ address, service }: Endpoint): Connection["handle"] {
      if (connect === undefined || address === undefined)
        return () =>
          Promise.reject(
            new CantleError("CONNECT_FAILED", `'${service}' runs elsewhere, and this instance has no way there`),
          );
      return (call) => {
        const connection = open.get(address) ?? connect(address, service);
        open.set(address, connection);
        return connection.handle(call);
      };
    },
    async close(address: string): Promise<void> {
      await open.get(address)?.close();
      open.delete(address);
    },
  };
}
