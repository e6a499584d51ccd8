/**
 * Calling a foreign program by its contract. It is not one of ours, so two things differ:
 *
 * - it is not shown the unit's token, with which it could speak in our name;
 * - nobody has checked what it answers, so that is done here: what does not fit the contract is `OUTPUT_INVALID`, and
 *   members that the contract does not know are dropped, as of any service.
 *
 * What goes in is not checked: the typed client wrote it, and the program reads it.
 */
import { type Codec, codecOf, outputOf } from "@cantle/contract";
import { type Call, type Clock, isCantleError, type Reply } from "@cantle/core";
import type { System } from "@cantle/system";
import { type Connection, dialHttp } from "@cantle/transport";
import { isExternal } from "./external-source.ts";

/** A way to a foreign program at an address such as `http://127.0.0.1:4000`. */
export function dialForeign(address: string, { clock }: { readonly clock: Clock }): Connection {
  const connection = dialHttp(address, { clock });
  return {
    async handle(call) {
      const codec = codecOf(call.operation);
      const reply = await connection.handle(call).catch((error: unknown) => failed(error, codec));
      return checked(reply, call, codec);
    },
    get state() {
      return connection.state;
    },
    close: () => connection.close(),
  };
}

/** Dials external services of the system as what they are, and all others by `connect`. */
export function connectForeign(
  system: System,
  clock: Clock,
  connect: (address: string) => Connection,
): (address: string, service: string) => Connection {
  return (address, service) => (isExternal(system, service) ? dialForeign(address, { clock }) : connect(address));
}

async function checked(reply: Reply, { operation }: Call, codec: Codec): Promise<Reply> {
  const { retried, fallback } = reply;
  const facts = { ...(retried && { retried }), ...(fallback && { fallback }) };
  switch (operation.shape) {
    case "stream":
      return {
        kind: "items",
        items: items(outputOf(reply) as AsyncIterable<unknown>, codec),
        ...facts,
      };
    case "download":
      return reply;
    default:
      return { kind: "value", value: await codec.output(outputOf(reply)), ...facts };
  }
}

async function* items(source: AsyncIterable<unknown>, codec: Codec): AsyncGenerator<unknown> {
  for await (const item of source) yield await codec.item(item);
}

async function failed(error: unknown, codec: Codec): Promise<never> {
  throw isCantleError(error) && error.code === "DECLARED" ? await codec.failure(error) : error;
}
