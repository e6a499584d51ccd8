/** A desk that asks a shelf and an archive: what faults are done to. */
import { contract, get, post, put } from "@cantle/contract";
import { z } from "zod";

const Look = z.object({
  /** How long it takes, ms. */
  ms: z.int().min(0).max(20_000).default(0),
});
const Seen = z.object({ at: z.string() });
/** Longer than anything that is asked for here. */
const timeoutMs = 30_000;

/** Has two instances, of which one dies, stops or spins. */
export const shelf = contract("shelf", {
  version: "1.0.0",
  operations: {
    look: get("/shelf/look", { access: "public", input: Look, output: Seen, timeoutMs }),
    /** Is written down each time that it is done. */
    book: post("/shelf/books", { access: "public", input: z.object({ key: z.string() }), output: Seen }),
    /** Never ends, and lets nobody else begin. A POST, as nobody would send it again. */
    spin: post("/shelf/spin", { access: "public", output: Seen, timeoutMs: 1_000 }),
  },
});

/** The dependency that becomes slow. */
export const archive = contract("archive", {
  version: "1.0.0",
  operations: {
    look: get("/archive/look", { access: "public", output: Seen, timeoutMs }),
    /** How long each look takes from now on. */
    pace: put("/archive/pace", { access: "public", input: Look, output: Seen }),
  },
});

/** Asks the others. */
export const desk = contract("desk", {
  version: "1.0.0",
  operations: {
    shelf: get("/desk/shelf", { access: "public", input: Look, output: Seen, timeoutMs }),
    archive: get("/desk/archive", { access: "public", output: Seen, timeoutMs }),
    own: get("/desk/own", { access: "public", output: Seen }),
  },
});
