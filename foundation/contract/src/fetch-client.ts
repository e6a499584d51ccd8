/**
 * A client of a contract over HTTP, for browsers and every runtime with `fetch`.
 *
 *     input ──▶ request (request.ts) ──▶ fetch ──▶ reply (fetch-reply.ts) ──▶ output, or a CantleError
 *
 * What it promises:
 * 1. Every failure is a `CantleError`: what the gateway declared, `UNREACHABLE`, `DEADLINE_EXCEEDED`, `CANCELLED`, or
 *    `REPLY_MALFORMED` for what is not an answer of ours.
 * 2. The timeout runs until the reply begins (or, where it is one value, is there); a stream then takes as long as it takes.
 * 3. It sends once. Retries, breakers and the choice of an instance are the gateway's, which knows more.
 */
import {
  type Bytes,
  CantleError,
  type Clock,
  formatBaggage,
  type Operation,
  operationId,
  type Reply,
  systemClock,
} from "@cantle/core";
import { clientOf } from "./client.ts";
import { replyOf } from "./fetch-reply.ts";
import { printJson } from "./json.ts";
import { Patience } from "./patience.ts";
import { problemType } from "./problem.ts";
import { requestOf } from "./request.ts";
import type { CallOptions, Contract, OutsideClient } from "./types.ts";

/** As much of `fetch` as is used. */
export type Fetch = (url: string, init: RequestInit & { readonly duplex?: "half" }) => Promise<Response>;

/** How a client reaches its service. */
export interface ClientOptions {
  /** Where the gateway is, for example `https://api.example.org`; in a browser also a path, or empty for the page's own origin. */
  readonly baseUrl: string;
  /** The caller's token, or what gets one for each call; nothing where the caller is nobody. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the runtime's own. */
  readonly fetch?: Fetch;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** The largest JSON reply, bytes; default 16 MiB. Over it a call fails with `REPLY_TOO_LARGE`. */
  readonly replyBytesMax?: number;
}

const replyBytesDefault = 16 * 1024 * 1024;

/**
 * A client of the operations that a gateway shows: those with `access`.
 *
 * @example
 * const client = createClient(accounts, { baseUrl: "http://127.0.0.1:8080" });
 * const account = await client.read({ id });
 */
export function createClient<C extends Contract<string, any>>(contract: C, options: ClientOptions): OutsideClient<C> {
  if (!/^(https?:\/\/[^/?#]+)?(\/[^?#]*)?$/i.test(options.baseUrl)) {
    throw new CantleError("CONFIG_INVALID", `'${options.baseUrl}' is not where a gateway can be`, {
      place: `createClient(${contract.name}).baseUrl`,
      help: "write an origin and perhaps a path: https://api.example.org",
    });
  }
  const shown = Object.entries<Operation>(contract.operations).filter(
    ([, operation]) => operation.access !== undefined,
  );
  const outside = { ...contract, operations: Object.fromEntries(shown) } as C;
  const base = options.baseUrl.replace(/\/+$/, "");
  return clientOf(
    outside,
    (operation) => (input, call, upload) => send({ operation, base, options }, { input, call, upload }),
  ) as unknown as OutsideClient<C>;
}

interface Target {
  readonly operation: Operation;
  readonly base: string;
  readonly options: ClientOptions;
}

interface Sent {
  readonly input: unknown;
  readonly call: CallOptions | undefined;
  readonly upload: Bytes | undefined;
}

async function send(target: Target, { input, call, upload }: Sent): Promise<Reply> {
  const { operation, base, options } = target;
  const { path, query, body } = requestOf(operation, input);
  const url = `${base}${path}${query === "" ? "" : `?${query}`}`;
  const patience = new Patience(operation, { call, clock: options.clock ?? systemClock });
  try {
    const token = await patience.orEnd(tokenOf(options));
    const headers = headersOf(target, {
      call,
      token,
      type: upload ? upload.type : body === undefined ? undefined : "application/json",
    });
    const init: RequestInit & { duplex?: "half" } = {
      method: operation.method,
      headers,
      signal: patience.signal,
      redirect: "error",
    };
    if (body !== undefined) init.body = printJson(body) as Uint8Array<ArrayBuffer>;
    if (upload) Object.assign(init, await patience.orEnd(uploadOf(upload, operation, patience)));
    const fetchOne: Fetch = options.fetch ?? globalThis.fetch;
    const response = await fetchOne(url, init);
    return await replyOf(response, { operation, patience, replyBytesMax: options.replyBytesMax ?? replyBytesDefault });
  } catch (error) {
    patience.end();
    throw patience.errorOf(error);
  }
}

async function tokenOf({ token }: ClientOptions): Promise<string | undefined> {
  return typeof token === "function" ? token() : token;
}

interface Said {
  readonly call: CallOptions | undefined;
  readonly token: string | undefined;
  /** The media type of the body. */
  readonly type: string | undefined;
}

const accepted = {
  value: "application/json",
  upload: "application/json",
  stream: "text/event-stream",
  download: "*/*",
};

function headersOf({ operation, options }: Target, { call, token, type }: Said): Headers {
  try {
    const headers = new Headers(options.headers);
    headers.set("accept", `${accepted[operation.shape]}, ${problemType}`);
    if (type !== undefined) headers.set("content-type", type);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (call?.idempotencyKey !== undefined) headers.set("idempotency-key", call.idempotencyKey);
    if (call?.baggage !== undefined) headers.set("baggage", formatBaggage(call.baggage));
    return headers;
  } catch {
    // The cause is left out: it would quote the value, which may be the token.
    throw new CantleError(
      "REQUEST_MALFORMED",
      "a header, the token or the idempotency key holds what a header cannot say",
    );
  }
}

/** Browsers stream request bodies over HTTP/2 only, and not all do; there the bytes are collected first. */
const streamsUploads = () => !("document" in globalThis || "WorkerGlobalScope" in globalThis);

async function uploadOf(
  upload: Bytes,
  operation: Operation,
  patience: Patience,
): Promise<RequestInit & { duplex?: "half" }> {
  if ((upload.size ?? 0) > operation.uploadBytesMax) throw tooLarge(operation);
  const chunks = atMost(upload, operation, patience);
  if (streamsUploads()) return { body: ReadableStream.from(chunks), duplex: "half" };
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return { body: new Blob(parts) };
}

/** The chunks, while they are not more than the operation takes; the gateway would refuse the rest anyway. */
async function* atMost(
  upload: Bytes,
  operation: Operation,
  patience: Patience,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of upload.chunks) {
    bytes += chunk.byteLength;
    // `fetch` hides why a body failed, so the call is ended with the reason first.
    if (bytes > operation.uploadBytesMax) patience.fail(tooLarge(operation));
    if (patience.signal.aborted) throw patience.signal.reason;
    yield chunk;
  }
}

function tooLarge(operation: Operation): CantleError {
  return new CantleError("BODY_TOO_LARGE", `${operationId(operation)} takes ${operation.uploadBytesMax} bytes at most`);
}
