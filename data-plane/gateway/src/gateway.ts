/**
 * The gateway: the one way in from outside.
 *
 *     request ─▶ (hardened server) ─▶ way in ─▶ Call ─▶ send ─▶ reply, unparsed
 *
 * It holds no business: bodies go to services unparsed, and what may be called is what contracts give `access`. Identity,
 * balancing, retries and services are ports and other packages.
 */
import { CantleError, isCantleError } from "@cantle/core";
import type { Listener } from "@cantle/transport";
import { type HttpServer, startHttpServer } from "@cantle/transport/http";
import type { GatewayOptions } from "./options.ts";
import { type Mount, safeHeaders } from "./table.ts";
import { createWayIn } from "./way-in.ts";

/** A gateway that listens. While it drains it accepts no connections and finishes what is on the open ones. */
export interface Gateway extends Listener, Pick<HttpServer, "linger"> {
  readonly port: number;
  /**
   * Replaces what is mounted, at once: requests that have been routed go on, the next one sees the new routes. Throws
   * `SYSTEM_INVALID` or `CONFIG_INVALID` and changes nothing when the new ones contradict each other.
   */
  mount(mounts: readonly Mount[]): void;
}

/** Starts a gateway. Throws `PORT_BUSY`, `SYSTEM_INVALID` for two operations in one place, `CONFIG_INVALID` for a bad prefix. */
export async function listenGateway(options: GatewayOptions): Promise<Gateway> {
  const wayIn = createWayIn(options);
  const server = await startHttpServer({
    ...options,
    ...(options.problem && { shape: options.problem }),
    headers: safeHeaders,
    challenge: (options.schemes ?? ["Bearer"]).map((scheme) => `${scheme} error="invalid_token"`).join(", "),
    whileDraining: "serve",
    serve: wayIn.serve,
  }).catch(cannotListen);
  return {
    address: server.address,
    port: server.port,
    mount: wayIn.mount,
    drain: () => server.drain(),
    linger: (ms) => server.linger(ms),
    async stop(graceMs) {
      await server.stop(graceMs);
      await wayIn.close();
    },
  };
}

/** What the system says of an address → where it was chosen, and what to do. */
const listenMistakes: Readonly<Record<string, readonly [place: string, help: string]>> = {
  EADDRINUSE: ["gateway.port", "stop the other program, or choose a port with --port"],
  EACCES: ["gateway.port", "choose a port that this user may have with --port: 1024 or above"],
};

function cannotListen(error: unknown): never {
  if (!isCantleError(error)) throw error;
  const { code = "" } = (error.cause ?? {}) as NodeJS.ErrnoException;
  const [place, help] = listenMistakes[code] ?? ["gateway.host", "choose an address of this machine with --host"];
  throw new CantleError(error.code, `the gateway ${error.message}`, { place, cause: error.cause, help });
}
