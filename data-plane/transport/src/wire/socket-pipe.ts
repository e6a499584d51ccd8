/** A pipe over a socket of the operating system, Unix or TCP. */
import type { Socket } from "node:net";
import type { Pipe, PipeEvents } from "./pipe.ts";

/** Makes a pipe of a socket, connected or still connecting. `writeBufferBytesMax` is when it counts as full. */
export function socketPipe(socket: Socket, writeBufferBytesMax: number): Pipe {
  let full = false;
  return {
    start: (events) => listen(socket, events, () => (full = false)),
    write(chunks) {
      if (socket.destroyed || socket.writableEnded) return;
      // Several chunks leave as one system call.
      if (chunks.length > 1) socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      if (chunks.length > 1) socket.uncork();
      full = socket.writableNeedDrain && socket.writableLength > writeBufferBytesMax;
    },
    get full() {
      return full;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function listen(socket: Socket, events: PipeEvents, emptied: () => void): void {
  let cause: Error | undefined;
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => events.data(chunk));
  socket.on("drain", () => {
    emptied();
    events.drained();
  });
  // An error is always followed by `close`.
  socket.on("error", (error) => {
    cause = error;
  });
  socket.on("close", () => events.closed(cause));
}
