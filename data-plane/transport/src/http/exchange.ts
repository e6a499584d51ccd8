/**
 * One request and its answer on a connection (`Line`), as a server of ours sees them.
 *
 * Nothing listens on a single request: when a connection ends, it tells the exchanges that are open on it. That saves an
 * event listener per request, and it is what makes "the client went away" certain.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "@cantle/contract";
import { type Call, CantleError, type Clock, type Deadlines, type Operation } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { Flow } from "./flow.ts";
import type { HttpLimits } from "./limits.ts";
import type { Target } from "./target.ts";

/** What all exchanges of a server share. */
export interface Serving {
  /** What a 401 asks for where nothing has said it yet. */
  readonly challenge?: string | undefined;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly limits: HttpLimits;
  readonly log: Logger;
  readonly flow: Flow;
  /** True between services: answers say whether a hop below has retried. */
  readonly inside: boolean;
  /** Header fields of every answer, as name, value, name, value. */
  readonly headers: readonly string[];
  /** Gives problems another shape; the default is the problem document itself. */
  readonly shape: ProblemHook | undefined;
}

/** Shapes a problem for an API that wants more than RFC 9457; undefined leaves it as it is. */
export type ProblemHook = (problem: Problem, error: CantleError, operation?: Operation) => ShapedProblem | undefined;

/** A problem in another shape. */
export interface ShapedProblem {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A connection of a client. */
export class Line {
  readonly serving: Serving;
  /** Requests whose answers are not finished; more than one only when the client pipelines. */
  readonly exchanges = new Set<Exchange>();
  /** The exchange that began last; it may have ended. */
  latest: Exchange | undefined;
  /** Whatever was found out about the other side once, by key; at most `memoMax`. */
  readonly memo = new Map<string, unknown>();
  /** True once the client is told that the connection closes; what else arrives on it is not looked at. */
  refused = false;

  constructor(serving: Serving) {
    this.serving = serving;
  }

  /** A request has begun. */
  begin(exchange: Exchange): void {
    this.latest = exchange;
    this.exchanges.add(exchange);
  }

  /** Remembers a fact about the connection; forgets all when there are too many. */
  remember(key: string, value: unknown): void {
    if (this.memo.size >= memoMax) this.memo.clear();
    this.memo.set(key, value);
  }
}

const memoMax = 64;
const nowhere: Target = { path: "", query: "" };

/** A request, and the answer that is being made. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly line: Line;
  /** The canonical target; empty until it has been read. */
  target: Target = nowhere;
  /** Which operation it turned out to be. */
  operation: Operation | undefined;
  /** The call it became; cancelled when the client goes away. */
  call: Call | undefined;
  /** Header fields of whatever answer there will be, as name, value, name, value. */
  headers: readonly string[];
  /** True while the client waits for `100 Continue` before it sends the body. */
  expectsContinue = false;

  constructor(line: Line, request: IncomingMessage, response: ServerResponse) {
    this.line = line;
    this.headers = line.serving.headers;
    this.request = request;
    this.response = response;
  }

  /** True when a body was announced, however long. */
  get hasBody(): boolean {
    const { headers } = this.request;
    return headers["transfer-encoding"] !== undefined || this.bodyBytes > 0;
  }

  /** The announced length of the body; 0 where none is. */
  get bodyBytes(): number {
    return Number(this.request.headers["content-length"] ?? 0);
  }

  /** True when the connection ends with this answer. */
  get isLast(): boolean {
    return this.line.refused || this.line.serving.flow.draining;
  }

  /** Lets a client that asked first send its body. */
  takeBody(): void {
    if (!this.expectsContinue) return;
    this.expectsContinue = false;
    this.response.writeContinue();
  }

  /** The client went away, or its connection was cut. */
  abandon(): void {
    this.call?.cancel(gone());
  }
}

/** What a call ends with when its client has gone. */
export function gone(): CantleError {
  return new CantleError("CANCELLED", "the client went away");
}

/** The connections of one server. */
export class Lines {
  readonly #lines = new Map<Socket, Line>();
  readonly #serving: Serving;

  constructor(serving: Serving) {
    this.#serving = serving;
  }

  /** A client has connected. */
  open(socket: Socket): void {
    const line = new Line(this.#serving);
    this.#lines.set(socket, line);
    socket.once("close", () => {
      this.#lines.delete(socket);
      for (const exchange of line.exchanges) exchange.abandon();
    });
  }

  /** The line of a socket; undefined once it is closed. */
  get(socket: Socket): Line | undefined {
    return this.#lines.get(socket);
  }

  /** Closes every connection as soon as what was written to it has left. */
  finish(): void {
    for (const socket of this.#lines.keys()) socket.destroySoon();
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#lines.keys()) socket.destroy();
  }
}
