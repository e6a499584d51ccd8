/** One call that a connection serves: what of it is known so far, and its streams. */
import type { Baggage, Bytes, Call, CantleError, Reply } from "@cantle/core";
import { invalidFrame } from "./frame.ts";
import type { Inflow } from "./inflow.ts";

/** A call that is served. Its number is the client's; it may be given to another one once this was cancelled. */
export class ServedCall {
  readonly id: number;
  readonly baggage: Baggage | undefined;
  /** Absent until it is known who calls. */
  call: Call | undefined;
  /** Why nobody waits for it any more. */
  cancelled: CantleError | undefined;
  upload: Bytes | undefined;
  inflow: Inflow<Uint8Array> | undefined;
  outflow: { credit(bytes: number): void; wake(): void; stop(): void } | undefined;

  constructor(id: number, baggage: Baggage | undefined) {
    this.id = id;
    this.baggage = baggage;
  }

  /** Where the parts of its upload go. Throws `FRAME_INVALID` when none was announced. */
  get uploadInflow(): Inflow<Uint8Array> {
    if (this.inflow === undefined) throw invalidFrame("a part of an upload that was not announced");
    return this.inflow;
  }

  /** Nobody waits for it any more; its handler is told. */
  cancel(reason: CantleError): void {
    this.cancelled = reason;
    this.inflow?.abort(reason);
    this.call?.cancel(reason);
  }
}

/** A stream that nobody will read is not begun, but its source is told. */
export function letGo(reply: Reply | undefined): void {
  const stream = reply?.kind === "items" ? reply.items : reply?.kind === "download" ? reply.download.chunks : undefined;
  stream?.[Symbol.asyncIterator]()
    .return?.()
    .then(undefined, () => {});
}
