/**
 * The blog for tests: all services in this process, databases and images in a folder that goes away with it, and the public
 * operations over HTTP on a free port. A small stand-in for the gateway and the issuer: it routes, reads `Token`, and shapes
 * problems; it has none of the gateway's limits and its tokens are not signed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  asCantleError,
  Call,
  type Caller,
  CantleError,
  createDeadlines,
  createStarted,
  type Handler,
  newTrace,
  systemClock,
  systemRandom,
} from "@cantle/core";
import { identity } from "@cantle/identity";
import { staticResolver } from "@cantle/mesh";
import { runService, type ServedOperation, type ServiceDefinition, service } from "@cantle/service";
import { sqlite } from "@cantle/sqlite";
import { silentLogger } from "@cantle/telemetry";
import { shapeProblem } from "./conduit/problem.ts";
import blog from "./system.ts";

const random = systemRandom();

/** Starts the blog; `url` ends in `/api`. */
export async function startBlog(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const started = createStarted();
  const folder = await mkdtemp(join(tmpdir(), "blog-"));
  started.add(() => rm(folder, { recursive: true }));
  const served = await startServices(folder, started.add);
  const server = createServer((request, response) => void serve(served, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  started.add(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, stop: () => started.stop() };
}

async function startServices(folder: string, onStop: (stop: () => Promise<void>) => void): Promise<ServedOperation[]> {
  const resolver = staticResolver();
  const handlers = new Map<unknown, Handler>();
  const host = {
    clock: systemClock,
    random,
    log: silentLogger,
    deadlines: createDeadlines(systemClock),
    resolver,
    dial: () => (call: Call) => (handlers.get(call.operation) as Handler)(call),
    engineOf: async (name: string) => ({ url: `sqlite:${join(folder, name)}.sqlite`, engine: sqlite }),
  };
  const definitions = [issuer];
  for (const load of Object.values(blog.services))
    if (typeof load === "function") definitions.push((await load()).default);
  const all: ServedOperation[] = [];
  for (const definition of definitions) {
    const { name, version } = definition.contract;
    const running = await runService(definition, { ...host, config: configOf(definition, folder) });
    onStop(() => running.stop());
    for (const { operation, handle } of running.served) handlers.set(operation, handle);
    all.push(...running.served);
    resolver.set(name, [{ id: name, service: name, version, state: "ready", address: "memory:" }]);
  }
  // The fewer parameters, the better the match: `/articles/feed` before `/articles/{slug}`.
  const parameters = ({ operation }: ServedOperation) => operation.path.split("{").length;
  return all.filter(({ operation }) => operation.access !== undefined).sort((a, b) => parameters(a) - parameters(b));
}

function configOf({ config }: ServiceDefinition, folder: string): unknown {
  const checked = config?.["~standard"].validate({ folder: join(folder, "images") });
  return checked !== undefined && "value" in checked ? checked.value : {};
}

/** A token is the user's id; nobody else is there to be kept out. */
const issuer = service(identity, {
  handlers: {
    mint: async ({ subject }) => ({ token: `user-${subject}`, expiresMs: 0 }),
    exchange: () => Promise.reject(new CantleError("OPERATION_UNKNOWN", "not here")),
    unit: () => Promise.reject(new CantleError("OPERATION_UNKNOWN", "not here")),
    keys: async () => ({ keys: [] }),
  },
});

async function serve(served: readonly ServedOperation[], request: IncomingMessage, response: ServerResponse) {
  try {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const { operation, handle, params } = routeOf(served, request.method, pathname);
    const isUpload = operation.shape === "upload";
    const bytes = isUpload ? new Uint8Array(0) : Buffer.concat(await Array.fromAsync(request));
    const call = new Call(operation, {
      payload: { kind: "http", params, query: search.slice(1), bytes },
      peer: { service: "gateway", uses: "*" },
      caller: callerOf(request.headers.authorization),
      trace: newTrace(random),
      deadlineMs: Number.POSITIVE_INFINITY,
      upload: isUpload ? { type: request.headers["content-type"] ?? "", chunks: request } : undefined,
    });
    const reply = await handle(call);
    if (reply.kind === "download") {
      response.writeHead(operation.status, { "content-type": reply.download.type });
      for await (const chunk of reply.download.chunks) response.write(chunk);
      response.end();
    } else response.writeHead(operation.status).end(reply.kind === "value" ? JSON.stringify(reply.value) : undefined);
  } catch (thrown) {
    const error = asCantleError(thrown);
    const problem = {
      status: error.status,
      code: error.failure ?? error.code,
      title: error.code,
      detail: error.message,
    };
    const shaped = shapeProblem(problem, error);
    response.writeHead(shaped.status, { connection: "close" }).end(JSON.stringify(shaped.body));
  }
}

function routeOf(served: readonly ServedOperation[], method: string | undefined, pathname: string) {
  for (const route of served) {
    const pattern = `^/api${route.operation.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`;
    const match = route.operation.method === method ? new RegExp(pattern).exec(pathname) : null;
    if (match === null) continue;
    const params = Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]);
    return { ...route, params: Object.fromEntries(params) as Record<string, string> };
  }
  throw new CantleError("ROUTE_UNKNOWN", "no operation answers here");
}

function callerOf(authorization: string | undefined): Caller | undefined {
  if (authorization === undefined) return undefined;
  const id = /^(?:Token|Bearer) user-([0-9a-f]{32})$/.exec(authorization)?.[1];
  if (id === undefined) throw new CantleError("UNAUTHENTICATED", "the token is not valid");
  return { id, roles: [], assertion: "" };
}
