/**
 * What both ends of a connection share: frames over a pipe, signs of life, and the ways it ends.
 *
 *     greeting ──hello──▶ open ──▶ ending ──▶ closed
 *         └──── timeout, refusal, broken pipe ────▲
 *
 * 1. `closed` is told exactly once, with the error that everything still pending fails with.
 * 2. After `end` or `fail` no frame is taken any more; what was written is still sent, within `closeTimeoutMs`.
 * 3. While greeting, frames are small and only hello and goaway are taken; the end that waits does not wait for ever.
 * 4. Whatever a peer sends, the worst that happens is the end of this one connection.
 */
import { CantleError, type Clock, isCantleError, type Timer } from "@cantle/core";
import { Cursor } from "./cursor.ts";
import { invalidFrame, kinds } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { type Hello, readHello, type WireVersion, wireVersions } from "./hello.ts";
import { helloBytesMax, type WireLimits, wireLimits } from "./limits.ts";
import { alive, type Liveness, liveness } from "./liveness.ts";
import { takesNotes } from "./note.ts";
import type { Pipe } from "./pipe.ts";
import { readGoaway, writeEmpty, writeGoaway } from "./reply.ts";

/** What either end of a connection is made with. */
export interface WireOptions {
  readonly clock: Clock;
  /** Bounds that differ from `wireLimits`. */
  readonly limits?: Partial<WireLimits>;
  /** The versions to speak; for tests of old against new. */
  readonly versions?: readonly WireVersion[];
}

/** What an end of a connection does with what arrives. */
export interface SessionEvents {
  /** The peer's hello. May throw to refuse it; calls `open` to accept it. */
  hello(hello: Hello): void;
  /** The peer leaves, or refuses. */
  goaway(reason: CantleError): void;
  /** Any other frame of this version. Throws `FRAME_INVALID` for what may not come from that side. */
  frame(kind: number, call: number, cursor: Cursor): void;
  /** So much waits to be sent that whoever can wait should; `drained` tells when that is over. */
  full(): void;
  drained(): void;
  closed(reason: CantleError): void;
}

type State =
  | { readonly kind: "greeting"; readonly timer: Timer }
  | { readonly kind: "open"; timer: Timer; alive: Liveness }
  | { readonly kind: "ending"; readonly timer: Timer; readonly reason: CantleError }
  | { readonly kind: "closed" };

/** A connection as either end sees it. */
export class Session {
  readonly limits: WireLimits;
  readonly versions: readonly WireVersion[];
  readonly writer: FrameWriter;
  /** True when the other side knows notes. */
  takesNotes = false;
  readonly pipe: Pipe;
  readonly #clock: Clock;
  readonly #events: SessionEvents;
  readonly #reader: FrameReader;
  readonly #cursor = new Cursor();
  #state: State;
  /** Whether the peer has said hello. */
  #greeted = false;
  /** Whether anything arrived since the last round. */
  #heard = false;

  constructor(pipe: Pipe, options: WireOptions, events: SessionEvents) {
    this.limits = { ...wireLimits, ...options.limits };
    this.versions = options.versions ?? wireVersions;
    this.pipe = pipe;
    this.#clock = options.clock;
    this.#events = events;
    this.writer = new FrameWriter(helloBytesMax, (chunks) => {
      pipe.write(chunks);
      if (pipe.full) events.full();
    });
    this.#reader = new FrameReader(helloBytesMax, (kind, call, frame) => {
      this.#take(kind, call, this.#cursor.set(frame.bytes, frame.at, frame.end));
    });
    this.#reader.kindsTaken = [kinds.hello, kinds.goaway];
    const timer = this.#clock.after(this.limits.handshakeTimeoutMs, () => {
      this.fail(new CantleError("UNREACHABLE", "the other side did not say hello in time"));
    });
    this.#state = { kind: "greeting", timer };
    pipe.start({
      data: (chunk) => this.#data(chunk),
      drained: () => this.#drained(),
      closed: (cause) => this.#closed(cause),
    });
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** The hello of the other side was accepted, and both speak this version. */
  open(peer: Hello, version: WireVersion): void {
    if (this.#state.kind !== "greeting") return;
    this.takesNotes = takesNotes(version);
    this.#state.timer.cancel();
    this.#reader.bytesMax = this.limits.frameBytesMax;
    this.#reader.kindsTaken = undefined;
    this.writer.frameBytesMax = peer.frameBytesMax;
    this.#state = { kind: "open", timer: this.#nextRound(), alive };
  }

  /** Sends what was written, then closes. */
  end(reason: CantleError): void {
    if (this.#state.kind === "closed" || this.#state.kind === "ending") return;
    this.#state.timer.cancel();
    this.#reader.stopped = true;
    const timer = this.#clock.after(this.limits.closeTimeoutMs, () => this.pipe.destroy());
    this.#state = { kind: "ending", timer, reason };
    this.writer.flush();
    this.pipe.end();
    // What is pending need not wait for the other side to agree.
    this.#events.closed(reason);
  }

  /** Tells the other side why, if it still listens, and closes. */
  fail(reason: CantleError): void {
    if (this.#state.kind === "closed" || this.#state.kind === "ending") return;
    writeGoaway(this.writer, reason);
    this.end(reason);
  }

  /** Closes at once. */
  destroy(reason: CantleError): void {
    this.#close(reason);
    this.pipe.destroy();
  }

  #data(chunk: Buffer): void {
    this.#heard = true;
    if (this.#reader.stopped) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.fail(
        isCantleError(error)
          ? error
          : new CantleError("FRAME_INVALID", "a frame broke the connection", { cause: error }),
      );
    }
  }

  #take(kind: number, call: number, cursor: Cursor): void {
    const { kind: state } = this.#state;
    if (kind === kinds.goaway) this.#events.goaway(readGoaway(cursor));
    else if (kind === kinds.hello && !this.#greeted) {
      this.#greeted = true;
      this.#events.hello(readHello(cursor));
    } else if (kind === kinds.hello || state !== "open") throw invalidFrame("a frame out of turn");
    else if (kind === kinds.ping) writeEmpty(this.writer, kinds.pong, 0);
    // A kind that is not known belongs to a newer minor version.
    else if (kind !== kinds.pong && kind <= kinds.note) this.#events.frame(kind, call, cursor);
  }

  #drained(): void {
    this.#heard = true;
    this.#events.drained();
  }

  #nextRound(): Timer {
    return this.#clock.after(this.limits.pingEveryMs, () => {
      if (this.#state.kind !== "open") return;
      const { pingsMissedMax } = this.limits;
      const { state, action } = liveness(this.#state.alive, { heard: this.#heard, pingsMissedMax });
      this.#heard = false;
      if (action === "dead")
        return this.destroy(new CantleError("UNREACHABLE", "the other side shows no sign of life"));
      if (action === "ping") writeEmpty(this.writer, kinds.ping, 0);
      this.#state = { kind: "open", timer: this.#nextRound(), alive: state };
    });
  }

  #closed(cause: Error | undefined): void {
    this.#close(new CantleError("UNREACHABLE", "the connection broke, or was refused", { cause }));
  }

  #close(reason: CantleError): void {
    const before = this.#state;
    if (before.kind === "closed") return;
    before.timer.cancel();
    this.#reader.stopped = true;
    this.#state = { kind: "closed" };
    if (before.kind !== "ending") this.#events.closed(reason);
  }
}
