/** The little of Redis' protocol (RESP2) that the contest needs, written by hand: commands in one write, replies in order. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What Redis answers. */
export type Reply = string | number | null | readonly Reply[];

type Argument = string | Buffer;

/** A connection. */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #waiting: PromiseWithResolvers<Reply>[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("close", () => {
      for (const { reject } of this.#waiting) reject(new Error("the connection to Redis is closed"));
    });
  }

  static async open(port: number): Promise<RedisConnection> {
    const socket = connect(port, "127.0.0.1").setNoDelay();
    await once(socket, "connect");
    return new RedisConnection(socket);
  }

  /** Sends commands in one write; resolves with all replies. */
  async send(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    const parts: Argument[] = [];
    for (const command of commands) {
      parts.push(`*${command.length}\r\n`);
      for (const argument of command) parts.push(`$${Buffer.byteLength(argument)}\r\n`, argument, "\r\n");
    }
    this.#socket.write(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));
    const replies = commands.map(() => Promise.withResolvers<Reply>());
    this.#waiting.push(...replies);
    return Promise.all(replies.map(({ promise }) => promise));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    let at = 0;
    for (let parsed = parse(this.#bytes, at); parsed !== undefined; parsed = parse(this.#bytes, at)) {
      at = parsed.end;
      const waiting = this.#waiting.shift();
      if (parsed.failed !== undefined) waiting?.reject(new Error(parsed.failed));
      else waiting?.resolve(parsed.reply);
    }
    this.#bytes = this.#bytes.subarray(at);
  }
}

interface Parsed {
  readonly reply: Reply;
  readonly end: number;
  readonly failed?: string;
}

/** The reply at `at`; undefined when it is not all there yet. */
function parse(bytes: Buffer, at: number): Parsed | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (String.fromCharCode(bytes[at]!)) {
    case "+":
      return { reply: line, end: next };
    case ":":
      return { reply: Number(line), end: next };
    case "-":
      return { reply: null, end: next, failed: line };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, end: next };
      return bytes.length < next + length + 2
        ? undefined
        : { reply: bytes.toString("latin1", next, next + length), end: next + length + 2 };
    }
    default:
      return parseArray(bytes, next, Number(line));
  }
}

function parseArray(bytes: Buffer, from: number, count: number): Parsed | undefined {
  if (count < 0) return { reply: null, end: from };
  const all: Reply[] = [];
  let end = from;
  for (let index = 0; index < count; index++) {
    const parsed = parse(bytes, end);
    if (parsed === undefined) return undefined;
    all.push(parsed.reply);
    end = parsed.end;
  }
  return { reply: all, end };
}
