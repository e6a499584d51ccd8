/** Writing operations: `get("/accounts/{id}", { ... })`. A draft has no name yet; `contract()` gives it one. */
import type { Access, Method, Slo } from "@cantle/core";
import type { At, Known, Mistake } from "./mistake.ts";
import type { In, Schema } from "./schema.ts";

/** A failure that an operation may answer with. */
export interface ErrorSpec {
  /** 400 to 599. */
  readonly status: number;
  readonly data?: Schema;
  readonly description?: string;
}

/** Bytes that an operation takes or gives. */
export interface BytesSpec {
  readonly kind: "bytes";
  readonly maxBytes: number;
  readonly types: readonly string[];
}

/** What can be said of an operation. */
export interface OperationSpec {
  /** One object: path parameters, then the query (GET, DELETE) or the JSON body (POST, PUT, PATCH). */
  readonly input?: Schema;
  readonly output?: Schema;
  /** HTTP status of success; 200, or 204 where there is no output. */
  readonly status?: number;
  /** Who may call it at the gateway. Absent: nobody, it is internal. */
  readonly access?: Access;
  readonly errors?: { readonly [name: string]: ErrorSpec };
  /** Default: true for GET, PUT and DELETE. Only say so of what is. */
  readonly idempotent?: boolean;
  /** Default 10,000. Too short fails slow answers, too long holds callers of a dead dependency; never longer than the caller's own. */
  readonly timeoutMs?: number;
  /** The largest JSON body, bytes; default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** One line for the documents. */
  readonly summary?: string;
  /** What a reader of the documents should know besides; Markdown. */
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly slo?: Slo;
  /** The reply is many of these instead of one output; Server-Sent Events at the gateway. */
  readonly stream?: Schema;
  /** The request body is bytes; the input is then the path and the query. */
  readonly upload?: BytesSpec;
  /** The reply body is bytes. */
  readonly download?: BytesSpec;
}

/** An operation without a name. */
export type Draft<M extends Method = Method, P extends string = string, O extends OperationSpec = OperationSpec> = {
  readonly method: M;
  readonly path: P;
} & O;

type Parameters<P extends string> = P extends `${string}{${infer N}}${infer R}` ? N | Parameters<R> : never;

type PathFits<P extends string, O> = [Exclude<Parameters<P>, keyof In<At<O, "input">>>] extends [never]
  ? unknown
  : {
      readonly input: Mistake<`the path parameter '${Exclude<Parameters<P>, keyof In<At<O, "input">>> & string}' of '${P}' is missing in input`>;
    };

type OneShape<O> =
  At<O, "output"> extends undefined
    ? unknown
    : O extends { readonly stream: unknown } | { readonly download: unknown }
      ? { readonly output: Mistake<"an operation has an output, or a stream, or a download; not two of them"> }
      : unknown;

const verb =
  <M extends Method>(method: M) =>
  <const P extends string, const O extends OperationSpec>(
    path: P,
    spec: O & Known<O, OperationSpec> & PathFits<P, O> & OneShape<O>,
  ): Draft<M, P, O> =>
    Object.freeze({ ...(spec as O), method, path });

/** A read: safe and idempotent. Input comes from the path and the query. */
export const get = verb("GET");
/** A write that may have an effect each time. Input comes from the path and the body. */
export const post = verb("POST");
/** A write whose repetition changes nothing more. Input comes from the path and the body. */
export const put = verb("PUT");
/** A partial write. Input comes from the path and the body. */
export const patch = verb("PATCH");
/** A removal whose repetition changes nothing more. Input comes from the path and the query. */
export const del = verb("DELETE");

/**
 * Bytes to upload or download.
 * `maxBytes` (default 10 MiB) is enforced while they flow; `types` (default any) are the media types taken or given.
 */
export function bytes(options: { readonly maxBytes?: number; readonly types?: readonly string[] } = {}): BytesSpec {
  return Object.freeze({
    kind: "bytes",
    maxBytes: options.maxBytes ?? 10 * 1024 * 1024,
    types: Object.freeze(options.types ?? ["*/*"]),
  });
}
