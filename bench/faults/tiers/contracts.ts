/** Three tiers, of which the last fails every call, in every way there is. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

/** How the last tier fails. */
export const ways = ["drop", "shed", "break", "hang"] as const;
const Work = z.object({ how: z.enum(ways) });
const Done = z.object({ done: z.boolean() });
/** How often each tier was called. */
const Counts = z.object({ front: z.int(), middle: z.int(), back: z.int() }).partial();

/** The tier that clients call. */
export const front = contract("front", {
  version: "1.0.0",
  operations: {
    work: get("/front/work", { access: "public", input: Work, output: Done, timeoutMs: 3_000 }),
    counts: get("/front/counts", { access: "public", output: Counts }),
  },
});
/** The tier in between. */
export const middle = contract("middle", {
  version: "1.0.0",
  operations: {
    work: get("/middle/work", { input: Work, output: Done, timeoutMs: 2_000 }),
    counts: get("/middle/counts", { output: Counts }),
  },
});
/** The tier that fails: a program of its own. */
export const back = contract("back", {
  version: "1.0.0",
  operations: {
    work: get("/back/work", { input: Work, output: Done, timeoutMs: 1_000 }),
    counts: get("/back/counts", { output: Counts }),
  },
});
