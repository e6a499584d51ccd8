/**
 * A pipe over a MessagePort, between threads of one process.
 *
 * All frames of a turn travel as one message; a message costs some 10 times a frame. It is never full: what one thread gives the
 * other is bounded by the wire's own limits, calls under way and windows of streams.
 */
import type { MessagePort } from "node:worker_threads";
import { CantleError } from "@cantle/core";
import type { Pipe } from "../wire/pipe.ts";

/** Makes a pipe of one end of a channel. Nobody else may use that end. */
export function messagePipe(port: MessagePort): Pipe {
  let cause: Error | undefined;
  return {
    start(events) {
      port.on("message", (message: unknown) => {
        if (message instanceof Uint8Array) {
          events.data(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
        } else {
          cause = new CantleError("FRAME_INVALID", "a message between threads is not a frame");
          port.close();
        }
      });
      port.on("messageerror", (error) => {
        cause = error;
        port.close();
      });
      port.on("close", () => events.closed(cause));
    },
    // A view would be cloned with all of the buffer behind it, so even a single chunk is copied into a buffer of its own size.
    write: (chunks) => port.postMessage(joined(chunks)),
    full: false,
    pause() {},
    resume() {},
    end: () => port.close(),
    destroy: () => port.close(),
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return new Uint8Array(first);
  const whole = new Uint8Array(chunks.reduce((bytes, chunk) => bytes + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
