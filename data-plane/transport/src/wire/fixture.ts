/** The serving end over a pipe in memory, with a peer in the hands of the test. For tests only. */
import { CantleError, type Handler, type Operation, seededRandom, virtualClock } from "@cantle/core";
import type { Doors } from "../transport.ts";
import type { WireLimits } from "./limits.ts";
import { pipePair } from "./pipe-pair.ts";
import { RawPeer } from "./raw-peer.ts";
import { createServing } from "./serving.ts";

const operation = { service: "things", name: "echo", version: "1.2.0" } as Operation;
/** Answers with what it was given. */
export const echo: Handler = async ({ payload }) => ({
  kind: "bytes",
  bytes: payload.kind === "value" ? Buffer.of() : payload.bytes,
});

/** Serves `things.echo` to whoever has the token of the shop. */
export function serve({
  handle = echo,
  limits = {},
  doors = {},
}: {
  handle?: Handler;
  limits?: Partial<WireLimits>;
  doors?: Partial<Doors>;
} = {}) {
  const clock = virtualClock();
  const asked: (string | undefined)[] = [];
  const all: Doors = {
    find: (service, name) => (service === "things" && name === "echo" ? { operation, handle } : undefined),
    list: () => [{ operation, handle }],
    peerOf(token, service) {
      asked.push(service);
      if (token === "token-of-shop" && service !== "payroll") return { service, uses: "*" };
      throw new CantleError("PEER_REFUSED", "not who it says");
    },
    callerOf: (assertion) => ({ id: assertion, roles: [], assertion }),
    ...doors,
  };
  const serving = createServing(all, { clock, random: seededRandom(1), limits });
  const dial = (fullBytes?: number) => {
    const [near, far] = pipePair(fullBytes === undefined ? {} : { fullBytes });
    serving.add(far);
    return new RawPeer(near);
  };
  return { clock, asked, serving, dial };
}

/** The code of an error frame. */
export const codeOf = ({ body }: { body: Buffer }) => JSON.parse(body.toString()).code as string;
/** The code of a goaway. */
export const goawayCode = ({ body }: { body: Buffer }) => body.toString("latin1", 1, 1 + body[0]!);

/** Lets everything that is under way in memory arrive. */
export async function quiet(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
