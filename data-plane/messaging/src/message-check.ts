/** What every engine asks of a message before it stores it. */
import type { Message } from "@cantle/contract";
import { CantleError } from "@cantle/core";

const idShape = /^[\x21-\x7e]{1,255}$/;
const keyLengthMax = 255;

/** Throws `MESSAGE_TOO_LARGE` or `MESSAGE_INVALID` for the first message that no engine may store. */
export function checkMessages(messages: readonly Message[], messageBytesMax: number): void {
  for (const { id, key, data, notBefore } of messages) {
    if (!idShape.test(id))
      throw new CantleError(
        "MESSAGE_INVALID",
        "the id of a message is not 1 to 255 printable ASCII characters without a space",
      );
    if (key !== undefined && key.length > keyLengthMax)
      throw new CantleError("MESSAGE_INVALID", `the key of a message has more than ${keyLengthMax} characters`);
    if (notBefore !== undefined && Number.isNaN(Date.parse(notBefore)))
      throw new CantleError("MESSAGE_INVALID", "the moment before which a message is not delivered is not one");
    if (data.byteLength > messageBytesMax)
      throw new CantleError(
        "MESSAGE_TOO_LARGE",
        `a message has ${data.byteLength} bytes, and ${messageBytesMax} are the most`,
        {
          help: "put the bytes elsewhere (a bucket, a table) and send where they are, or raise BROKER_MESSAGE_BYTES_MAX",
        },
      );
  }
}
