/** The same system in a hurry, for the test: it grows at a smaller load, and does not wait as long before it shrinks. */
import { system } from "@cantle/system";
import payments from "./system.ts";

const { kind: _, name, ...spec } = payments;
const pauses = { upCooldownMs: 0, downStabilisationMs: 1_500, downCooldownMs: 0 };

export default system(name, { ...spec, scaling: { inquiry: { min: 1, max: 3, target: { inFlight: 2 }, ...pauses } } });
