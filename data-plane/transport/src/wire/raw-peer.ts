/** A peer that says whatever a test wants, byte by byte, and keeps what it is told. For tests only; it knows no rules. */
import { kinds } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Pipe } from "./pipe.ts";

/** A frame as it arrived. */
export interface RawFrame {
  readonly kind: number;
  readonly call: number;
  readonly body: Buffer;
}

/** What a hello says that is not as usual. */
export interface RawHello {
  readonly token?: string;
  /** Majors and minors in turn. */
  readonly versions?: readonly number[];
  readonly frameBytesMax?: number;
  readonly streamWindowBytes?: number;
}

/** One end of a pipe in the hands of a test. */
export class RawPeer {
  readonly frames: RawFrame[] = [];
  /** Resolves when the pipe has closed. */
  readonly closed: Promise<void>;
  readonly #pipe: Pipe;
  #lastKind: number | undefined;
  #waiting: { kind: number; resolve(frame: RawFrame): void }[] = [];

  constructor(pipe: Pipe) {
    this.#pipe = pipe;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const reader = new FrameReader(2 ** 31, (kind, call, { bytes, at, end }) => {
      this.#take({ kind, call, body: Buffer.from(bytes.subarray(at, end)) });
    });
    pipe.start({ data: (chunk) => reader.push(chunk), drained: () => {}, closed: () => resolve() });
  }

  /** Sends bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#pipe.write([bytes]);
  }

  /** Sends a frame whose length is right. */
  frame(kind: number, call: number, body: Uint8Array | string = ""): void {
    this.bytes(rawFrame(kind, call, body));
  }

  /** Sends a hello that a wire of version 1.0 takes. */
  hello(hello: RawHello = {}): void {
    const { token = "token-of-shop", versions = [1, 0], frameBytesMax = 1 << 24, streamWindowBytes = 1 << 18 } = hello;
    const services = Buffer.concat([Buffer.of(1), text8("orders")]);
    const limits = Buffer.alloc(8);
    limits.writeUInt32BE(frameBytesMax, 0);
    limits.writeUInt32BE(streamWindowBytes, 4);
    const list = Buffer.of(versions.length / 2, ...versions);
    this.frame(kinds.hello, 0, Buffer.concat([Buffer.from("CNTL"), list, limits, text16(token), services]));
  }

  /** The next frame of a kind, or one that came and was not taken yet. */
  next(kind: number): Promise<RawFrame> {
    const at = this.frames.findIndex((frame) => frame.kind === kind);
    if (at >= 0) return Promise.resolve(this.frames.splice(at, 1)[0]!);
    return new Promise((resolve) => this.#waiting.push({ kind, resolve }));
  }

  /** Reads no more, until told to. */
  stopReading(): void {
    this.#pipe.pause();
  }

  /** Reads no more once a frame of that kind was read. */
  stopReadingAfter(kind: number): void {
    this.#lastKind = kind;
  }

  goOnReading(): void {
    this.#lastKind = undefined;
    this.#pipe.resume();
  }

  /** Goes without a word. */
  destroy(): void {
    this.#pipe.destroy();
  }

  #take(frame: RawFrame): void {
    if (frame.kind === this.#lastKind) this.#pipe.pause();
    const at = this.#waiting.findIndex(({ kind }) => kind === frame.kind);
    if (at < 0) this.frames.push(frame);
    else this.#waiting.splice(at, 1)[0]?.resolve(frame);
  }
}

/** The bytes of a frame. */
export function rawFrame(kind: number, call: number, body: Uint8Array | string = ""): Buffer {
  const head = Buffer.alloc(9);
  const rest = Buffer.from(body);
  head.writeUInt32BE(rest.length + 5, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32BE(call, 5);
  return Buffer.concat([head, rest]);
}

/** The body of a request for `things.echo` that has only what it must. */
export function rawRequest(json = "{}", peer = "orders"): Buffer {
  const route = Buffer.concat([text8(peer), text8("things"), text8("echo"), text8("1.2.0")]);
  const fixed = Buffer.from(`00ffffffff${"0".repeat(48)}`, "hex");
  return Buffer.concat([fixed, Buffer.of(route.length >> 8, route.length & 255), route, Buffer.from(json)]);
}

function text8(text: string): Buffer {
  return Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]);
}

function text16(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
}
