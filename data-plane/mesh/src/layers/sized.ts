/**
 * Bodies and uploads within the operation's limits, whatever they came over. An upload is counted while it is read: what goes
 * wrong with it there is the call's failure, not the handler's.
 */

import { type Declared, essenceOf, isAmong } from "@cantle/contract";
import { type Bytes, type Call, CantleError, isCantleError } from "@cantle/core";
import type { Layer } from "../layer.ts";
import { refusal } from "./declared.ts";

/** Refuses what is too large, and uploads of a type that the operation does not take. */
export const sized: Layer = ({ operation }) => {
  const { bodyBytesMax, uploadBytesMax } = operation;
  const types = (operation as Declared).upload?.types ?? [];
  return (next) => (call) => {
    const { payload, upload } = call;
    if (payload.kind !== "value" && payload.bytes.byteLength > bodyBytesMax)
      return Promise.reject(refusal(tooLarge(bodyBytesMax), call));
    if (upload !== undefined) {
      const essence = essenceOf(upload.type);
      if (essence === undefined || !isAmong(essence, types)) return Promise.reject(refusal(unsupported(types), call));
      if ((upload.size ?? 0) > uploadBytesMax) return Promise.reject(refusal(tooLarge(uploadBytesMax), call));
      call.upload = { ...upload, chunks: counted(upload, call, uploadBytesMax) };
    }
    return next(call);
  };
};

async function* counted({ chunks }: Bytes, call: Call, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield chunk;
    }
  } catch (error) {
    throw isCantleError(error) ? refusal(error, call) : error;
  }
}

function tooLarge(bytesMax: number): CantleError {
  return new CantleError("BODY_TOO_LARGE", `the body is at most ${bytesMax} bytes`);
}

function unsupported(types: readonly string[]): CantleError {
  return new CantleError("MEDIA_TYPE_UNSUPPORTED", `this operation takes ${types.join(", ")}`);
}
