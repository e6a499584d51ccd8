/**
 * JSON messages over a stream socket, one to a line: what supervisor and instance speak over where there is no channel of
 * Node's between them. A line that is no JSON is nothing; one that is too long ends the connection.
 */
import type { Socket } from "node:net";

/** The longest line, bytes. Nothing that is said comes near it. */
export const lineBytesMax = 1_000_000;

/** Calls `hear` with each message that arrives. */
export function readLines(socket: Socket, hear: (message: unknown) => void): void {
  let held = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const parts = (held + text).split("\n");
    held = parts.pop() as string;
    for (const part of parts) {
      const message = parse(part);
      if (message !== undefined) hear(message);
    }
    if (held.length > lineBytesMax) socket.destroy();
  });
}

/** Sends a message; resolves when it is out or nobody is there any more. */
export function writeLine(socket: Socket, message: unknown): Promise<void> {
  return new Promise((resolve) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`, () => resolve());
    else resolve();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
