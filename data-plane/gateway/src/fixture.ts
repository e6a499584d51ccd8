import { connect } from "node:net";
import { bytes, contract, del, get, post, put } from "@cantle/contract";
import { type Call, type Handler, systemClock } from "@cantle/core";
import { z } from "zod";
import { listenGateway } from "./gateway.ts";
import type { GatewayOptions } from "./options.ts";
import { staticTokens } from "./tokens.ts";

const ById = z.object({ id: z.string() });
export const things = contract("things", {
  version: "1.0.0",
  operations: {
    list: get("/things", { access: "public", output: z.unknown() }),
    make: post("/things", {
      access: "user",
      input: z.object({}),
      output: z.unknown(),
      status: 201,
      errors: { Taken: { status: 409 } },
    }),
    read: get("/things/{id}", { access: "public", input: ById, output: z.unknown(), deprecated: true, timeoutMs: 250 }),
    remove: del("/things/{id}", { access: { roles: ["admin"] }, input: ById }),
    audit: get("/things/{id}/audit", { input: ById, output: z.unknown() }),
    rebuild: post("/rebuild", {}),
    watch: get("/watch", { access: "public", stream: z.unknown() }),
    photo: get("/photo", { access: "public", download: bytes() }),
    store: put("/photo", { access: "user", upload: bytes({ types: ["image/png"] }) }),
  },
});

const tokens = staticTokens({
  "token-of-ann": { id: "ann", roles: [], assertion: "assertion-of-ann" },
  "token-of-bob": { id: "bob", roles: ["admin"], assertion: "assertion-of-bob" },
});

export async function start(options: Partial<GatewayOptions> = {}) {
  const calls: Call[] = [];
  let handle: Handler = async (call) => ({
    kind: "value",
    value: call.operation.status === 204 ? undefined : call.operation.name,
  });
  const gateway = await listenGateway({
    mounts: [things],
    send: () => (call) => {
      calls.push(call);
      return handle(call);
    },
    clock: systemClock,
    tokens,
    ...options,
  });
  return {
    gateway,
    url: gateway.address,
    calls,
    on(next: Handler) {
      handle = next;
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

export type Asked = Record<string, string> & { method?: string; body?: string };

/** Asks, and answers with what matters: status, code of a problem or the value, header fields. */
export async function ask(url: string, { method = "GET", body, ...headers }: Asked = {}) {
  const answer = await fetch(url, { method, headers, redirect: "manual", ...(body !== undefined && { body }) });
  const text = await answer.text();
  const value = text === "" ? undefined : JSON.parse(text);
  return { status: answer.status, code: value?.code, value, headers: answer.headers };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const json = { "content-type": "application/json" };

/** Writes bytes, and answers with all that came until the connection was closed. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {}).on("close", () => resolve(answer));
    socket.write(text);
  });
}
