/**
 * The admin port of an instance, loopback only: what an orchestrator and an operator ask of a process, apart from the port that
 * callers use. Nothing here changes anything, and nothing is secret.
 *
 *     GET /livez          200 while the process answers at all
 *     GET /readyz         200 when every check passes, 503 with what does not; 503 from the moment it drains
 *     GET /healthz        the checks of /readyz by name, always 200
 *     GET /openapi.json   OpenAPI 3.1 of the services that run here
 *     GET /asyncapi.json  AsyncAPI 3.0 of what they publish and take from queues
 */

import { asyncapi, type Contract, openapi } from "@cantle/contract";
import { asCantleError, CantleError, type Clock, type Started } from "@cantle/core";
import { answerBytes, startHttpServer } from "@cantle/transport/http";

/** What an admin port shows. */
export interface AdminOptions {
  readonly title: string;
  readonly clock: Clock;
  readonly contracts: readonly Contract<string, any>[];
  /** Each throws when it does not hold just now. */
  readonly checks: Readonly<Record<string, () => void | Promise<void>>>;
  /** Default 0: any free one. */
  readonly port?: number;
}

/** An open admin port. */
export interface Admin {
  /** `admin+http://127.0.0.1:PORT`, so that nobody takes it for the services' own. */
  readonly address: string;
  /** Says from now on that the instance is not ready. */
  drain(): void;
}

const checkMsMax = 1_000;

/** Opens the admin port of an instance, until `started` stops. */
export async function openAdmin(
  { title, clock, contracts, checks, port = 0 }: AdminOptions,
  started: Started,
): Promise<Admin> {
  let draining = false;
  let document: string | undefined;

  async function failures(): Promise<Record<string, string>> {
    const found: Record<string, string> = draining ? { draining: "the instance is leaving" } : {};
    const run = async ([name, check]: [string, () => void | Promise<void>]) => {
      try {
        await within(clock, check);
      } catch (error) {
        found[name] = asCantleError(error).message;
      }
    };
    await Promise.all(Object.entries(checks).map(run));
    return found;
  }

  const server = await startHttpServer({
    clock,
    port,
    whileDraining: "serve",
    async serve(exchange) {
      const { method } = exchange.request;
      if (method !== "GET" && method !== "HEAD")
        throw new CantleError("METHOD_NOT_ALLOWED", "the admin port is only read");
      const answer = (status: number, value: unknown) =>
        answerBytes(exchange, {
          status,
          bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
          headers: json,
        });
      switch (exchange.target.path) {
        case "/livez":
          return answer(200, { status: "alive" });
        case "/readyz": {
          const failing = await failures();
          const ready = Object.keys(failing).length === 0;
          return answer(ready ? 200 : 503, ready ? { status: "ready" } : { status: "not ready", failing });
        }
        case "/healthz": {
          const failing = await failures();
          return answer(200, {
            draining,
            checks: Object.fromEntries(Object.keys(checks).map((name) => [name, failing[name] ?? "ok"])),
          });
        }
        case "/openapi.json":
          document ??= JSON.stringify(openapi(contracts, { title, version: contracts[0]?.version ?? "0.0.0" }));
          return answer(200, document);
        case "/asyncapi.json":
          return answer(200, JSON.stringify(asyncapi(contracts, { title, version: contracts[0]?.version ?? "0.0.0" })));
        default:
          throw new CantleError(
            "ROUTE_UNKNOWN",
            "the admin port answers /livez, /readyz, /healthz, /openapi.json and /asyncapi.json",
          );
      }
    },
  });
  started.add(() => server.stop(0));
  return {
    address: `admin+${server.address}`,
    drain() {
      draining = true;
    },
  };
}

const json = ["content-type", "application/json; charset=utf-8"];

/** A check that does not answer does not hold. */
async function within(clock: Clock, check: () => void | Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = clock.after(checkMsMax, () =>
    late.reject(new CantleError("DEADLINE_EXCEEDED", "the check did not answer in time")),
  );
  try {
    await Promise.race([check(), late.promise]);
  } finally {
    timer.cancel();
  }
}
