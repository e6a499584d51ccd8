/** What the broker refuses, on its way over the contract: codes to declared failures and back. */
import type { Fail } from "@cantle/contract";
import { CantleError, type Code, codes, isCantleError, isCode } from "@cantle/core";
import type { BrokerContract } from "./contract.ts";

const codeOf = {
  ChannelUnknown: "CHANNEL_UNKNOWN",
  DeliveryLost: "DELIVERY_LOST",
  MessageTooLarge: "MESSAGE_TOO_LARGE",
  MessageInvalid: "MESSAGE_INVALID",
  InputInvalid: "INPUT_INVALID",
  PeerRefused: "PEER_REFUSED",
  BrokerFull: "BROKER_FULL",
  BrokerUnavailable: "BROKER_UNAVAILABLE",
} as const satisfies Readonly<Record<string, Code>>;

type Failure = keyof typeof codeOf;
const failureOf = new Map(Object.entries(codeOf).map(([failure, code]) => [code as Code, failure as Failure]));

/** How a handler refuses; the same for all operations of the contract. */
export type Refuse = Fail<BrokerContract["operations"]["append"]>;

/** Does it, and says what was refused as the contract declares it. */
export async function refusing<T>({ fail }: { readonly fail: Refuse }, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const failure = isCantleError(error) ? failureOf.get(error.code) : undefined;
    if (failure === undefined) throw error;
    throw fail(failure, { message: (error as CantleError).message });
  }
}

/** What came back, as the error that the broker threw. What kept the call from being answered is `BROKER_UNAVAILABLE`. */
export function refusalOf(error: unknown): CantleError {
  if (!isCantleError(error)) return unavailable(error);
  if (error.code === "PEER_REFUSED" || error.code === "INPUT_INVALID") return error;
  const { failure = "", data } = error;
  if (error.code !== "DECLARED" || !Object.hasOwn(codeOf, failure)) return unavailable(error);
  const { message } = data as { readonly message: string };
  return new CantleError(codeOf[failure as Failure], message);
}

/** One of many refusals in a reply. */
export function refusalWith(code: string, message: string): CantleError {
  return isCode(code) ? new CantleError(code, message) : unavailable(undefined);
}

function unavailable(cause: unknown): CantleError {
  return new CantleError("BROKER_UNAVAILABLE", codes.BROKER_UNAVAILABLE.meaning, { cause });
}
