/** What the wire runs over: any two-way, ordered, reliable pipe of bytes. Where the bytes are cut does not matter. */

/** One end of a pipe. */
export interface Pipe {
  /** Starts reading; called once, before anything else. */
  start(events: PipeEvents): void;
  /** Sends chunks, in order. They belong to the pipe from here on: nobody writes into them again. */
  write(chunks: readonly Uint8Array[]): void;
  /** True while so much waits to be sent that a sender who can wait should; `drained` tells when that is over. */
  readonly full: boolean;
  /** Stops and goes on reading. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once; what was not sent is lost. */
  destroy(): void;
}

/** What a pipe tells. Nothing after `closed`, which comes exactly once. */
export interface PipeEvents {
  data(chunk: Buffer): void;
  drained(): void;
  closed(cause: Error | undefined): void;
}
