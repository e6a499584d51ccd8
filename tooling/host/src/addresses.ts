/** Where the instances of a system listen on their host, and how an address is dialled. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CantleError, type Clock } from "@cantle/core";
import { type Connection, dialHttp, dialWire } from "@cantle/transport";

/** Linux takes 107 bytes for the path of a socket, macOS 103. */
const socketPathBytesMax = 103;

/** The Unix socket of an instance: in the system's folder, or, where that path is too long, in one of the user's own under /tmp. */
export function socketOf(home: string, instance: string): string {
  const path = join(home, ".cantle", "run", `${instance}.sock`);
  if (Buffer.byteLength(path) <= socketPathBytesMax) return `unix:${path}`;
  const short = createHash("sha256").update(home).digest("hex").slice(0, 12);
  const run = join(tmpdir(), `cantle-${userInfo().uid}-${short}`);
  mkdirSync(run, { recursive: true, mode: 0o700 });
  return `unix:${join(run, `${instance}.sock`)}`;
}

/** What connections of a process present. */
export interface ConnectOptions {
  readonly clock: Clock;
  /** The unit's token, as it is when a connection is opened. */
  readonly token: () => string | undefined;
  /** The services that speak from here. */
  readonly services: readonly string[];
}

/** Opens connections by the scheme of their address. */
export function connector({ clock, token, services }: ConnectOptions): (address: string) => Connection {
  return (address) => {
    if (address.startsWith("http:")) return dialHttp(address, { clock, token });
    if (address.startsWith("unix:") || address.startsWith("tcp:")) {
      // Read anew at every connection, as a token is renewed while the process runs.
      return dialWire(address, {
        clock,
        services,
        get token() {
          return token();
        },
      });
    }
    throw new CantleError("CONNECT_FAILED", "nothing here can dial this kind of address", { notes: address });
  };
}
