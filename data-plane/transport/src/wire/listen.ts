/** Serving the wire on a socket of the operating system. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type ListenOptions, type Server } from "node:net";
import { CantleError } from "@cantle/core";
import type { Doors, Listener } from "../transport.ts";
import { formatAddress, isLoopback, parseAddress, type WireAddress } from "./address.ts";
import { wireLimits } from "./limits.ts";
import type { ServeOptions } from "./server.ts";
import { createServing } from "./serving.ts";
import { socketPipe } from "./socket-pipe.ts";

/** What a listener is made with. */
export interface ListenWireOptions extends ServeOptions {
  /** Allows an address that other machines can reach. Default false, as the wire itself is neither encrypted nor certain of hosts. */
  readonly offHost?: boolean;
  /** Connections at once; more are closed as they come. Default 1024. */
  readonly connectionsMax?: number;
}

/**
 * Listens on `unix:/path` (mode 0600; what a dead process left behind is removed) or `tcp://host:port` (loopback only, unless
 * `offHost`; port 0 takes a free one). Throws `BIND_REFUSED`, `PORT_BUSY` or `CONFIG_INVALID`.
 */
export async function listenWire(address: string, doors: Doors, options: ListenWireOptions): Promise<Listener> {
  const at = parseAddress(address);
  if (at.kind === "tcp" && !isLoopback(at.host) && !options.offHost)
    throw new CantleError("BIND_REFUSED", `'${address}' can be reached from other machines`, {
      help: "listen on 127.0.0.1, or make the network safe and allow it",
    });
  const { writeBufferBytesMax } = { ...wireLimits, ...options.limits };
  const serving = createServing(doors, options);
  const server = createServer((socket) => serving.add(socketPipe(socket, writeBufferBytesMax)));
  server.maxConnections = options.connectionsMax ?? 1024;
  await bind(server, at);
  const closed = Promise.withResolvers<void>();
  server.once("close", closed.resolve);
  // From here on an error is a connection that could not be accepted, for want of file descriptors; the next may be.
  server.on("error", () => {});
  const bound = server.address();
  return {
    address: formatAddress(
      at.kind === "tcp" && typeof bound === "object" ? { ...at, port: bound?.port ?? at.port } : at,
    ),
    drain() {
      server.close();
      return serving.drain();
    },
    async stop(graceMs) {
      server.close();
      await serving.stop(graceMs);
      await closed.promise;
    },
  };
}

async function bind(server: Server, at: WireAddress): Promise<void> {
  try {
    await listen(server, at);
  } catch (error) {
    if (at.kind !== "unix" || !isBusy(error) || !(await isStale(at.path))) throw refusal(at, error);
    unlinkSync(at.path);
    await listen(server, at).catch((again) => {
      throw refusal(at, again);
    });
  }
}

function listen(server: Server, at: WireAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const where: ListenOptions = at.kind === "unix" ? { path: at.path } : { host: at.host, port: at.port };
  server.once("error", reject);
  server.listen(where, () => {
    server.off("error", reject);
    resolve();
  });
  // A Unix socket is bound when `listen` returns; no turn of the event loop passes in which others could connect.
  if (at.kind === "unix" && server.listening) chmodSync(at.path, 0o600);
  return promise;
}

/** True when a socket lies at the path and nobody listens on it. Anything else that lies there is not ours to remove. */
function isStale(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createConnection(path);
  probe.once("connect", () => {
    probe.destroy();
    resolve(false);
  });
  probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  return promise;
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

function refusal(at: WireAddress, cause: unknown): CantleError {
  const address = formatAddress(at);
  if (isBusy(cause))
    return new CantleError("PORT_BUSY", `something else is at ${address} already`, {
      cause,
      help: at.kind === "unix" ? "stop the other process, or remove the file" : "stop the other process, or use port 0",
    });
  return new CantleError("CONFIG_INVALID", `cannot listen on ${address}`, { cause, help: "see the cause" });
}
