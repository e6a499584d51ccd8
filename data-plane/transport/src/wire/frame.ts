/**
 * Frames: everything that crosses a wire is one. Numbers are unsigned and big-endian.
 *
 *     offset  size  field
 *          0     4  length of all that follows this field, 5 or more
 *          4     1  kind
 *          5     4  call: the number of the call it belongs to, 0 for the connection itself
 *          9     …  body
 *
 *     kind         from      body
 *      1 hello     both      magic, versions, limits, token, services     hello.ts
 *      2 request   dialler   everything a call carries                    request.ts
 *      3 reply     server    flags, then JSON, or what a stream is        reply.ts
 *      4 error     server    the error record as JSON
 *      5 data      both      one item as JSON, or some bytes of a stream
 *      6 end       both      empty: the stream is complete
 *      7 credit    both      u32: bytes of a stream that may be sent besides
 *      8 cancel    dialler   text8: the code of why
 *      9 ping      both      empty
 *     10 pong      both      empty
 *     11 goaway    both      text8 code, text16 message
 *     12 note      both      text8 name, text16 value, before a request or a reply    note.ts
 *
 * `text8` and `text16` are a length of one or two bytes and then as many bytes of UTF-8. A kind that is not in the table is skipped,
 * so that a newer minor version may add some. `docs/reference/wire.md` says all this in full, with vectors.
 */
import { CantleError } from "@cantle/core";

/** The kinds of frames. */
export const kinds = Object.freeze({
  hello: 1,
  request: 2,
  reply: 3,
  error: 4,
  data: 5,
  end: 6,
  credit: 7,
  cancel: 8,
  ping: 9,
  pong: 10,
  goaway: 11,
  note: 12,
});

/** The bytes before a frame's body. */
export const headBytes = 9;
/** What `length` counts besides the body. */
export const headCountedBytes = 5;

/** The error of a frame that breaks the protocol. */
export function invalidFrame(message: string): CantleError {
  return new CantleError("FRAME_INVALID", message);
}
