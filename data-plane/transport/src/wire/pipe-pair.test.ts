/** The wire does not mind how its bytes are cut, nor that they wait. */
import { seededRandom } from "@cantle/core";
import { type ConformanceSetup, transportConformance } from "../conformance.ts";
import { dialPipe } from "./dial.ts";
import { type PipePairOptions, pipePair } from "./pipe-pair.ts";
import { createServing } from "./serving.ts";

function connect({ doors, clock, token, services }: ConformanceSetup, options: PipePairOptions) {
  const [near, far] = pipePair(options);
  const serving = createServing(doors, { clock, random: seededRandom(1) });
  serving.add(far);
  const listener = { address: "memory:pair", drain: serving.drain, stop: serving.stop };
  const connection = dialPipe(near, { clock, token, services });
  return { connection, listener, close: () => listener.stop(0) };
}

/** Pieces of 1 to 5,000 bytes. */
function shredder(seed: number) {
  const random = seededRandom(seed);
  return (bytes: Buffer) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = random.next() < 0.5 ? 1 + Math.floor(random.next() * 8) : Math.ceil(random.next() * 5000);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    return pieces;
  };
}

transportConformance("wire, cut into pieces", async (setup) => connect(setup, { cut: shredder(7) }));
transportConformance("wire, often full", async (setup) => connect(setup, { fullBytes: 100 }));
