/** What an engine says in the codes of Cantle that speaks to a server: the same, whichever server it is. Nothing of a URL gets into a message. */
import { CantleError } from "@cantle/core";

/** The answer that comes too late, or twice. */
export function deliveryLost(): CantleError {
  return new CantleError("DELIVERY_LOST", "the delivery was ended before, or its lease was over");
}

/** The server takes no message of this size. */
export function messageTooLarge(cause: unknown): CantleError {
  return new CantleError("MESSAGE_TOO_LARGE", "a message has more bytes than the broker takes", { cause });
}

/** The user may not do it; `where` the rights of users are kept. */
export function notAllowed(cause: unknown, where: string): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", "the broker does not let this user do it", {
    cause,
    help: `check the user and password in the URL, and what that user may do ${where}`,
  });
}

/** Whatever else it was, it is not known what became of the request. */
export function unreachable(cause: unknown): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", "the broker cannot be reached, or did not answer in time", { cause });
}

/** Runs tasks; what they throw is what `translate` makes of it. */
export function translating(
  translate: (error: unknown) => CantleError,
): <Result>(task: () => Promise<Result>) => Promise<Result> {
  return async (task) => {
    try {
      return await task();
    } catch (error) {
      throw translate(error);
    }
  };
}
