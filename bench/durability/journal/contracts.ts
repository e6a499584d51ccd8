/** Two services: one that writes entries and tells of them, one that copies what it is told. */
import { contract, event, get, post } from "@cantle/contract";
import { z } from "zod";

const Entry = z.object({ writer: z.string(), number: z.int() });

export const journal = contract("journal", {
  version: "1.0.0",
  operations: {
    write: post("/entries", { access: "public", input: Entry }),
    /** Writes `count` entries of each writer at once. */
    fill: post("/entries/many", {
      access: "public",
      input: z.object({ writers: z.array(z.string()), count: z.int() }),
    }),
    count: get("/entries", { access: "public", output: z.object({ count: z.int() }) }),
  },
  events: { written: event(Entry, { key: "writer" }) },
});

export const copies = contract("copies", {
  version: "1.0.0",
  operations: {
    count: get("/copies/count", { access: "public", output: z.object({ count: z.int() }) }),
    /** `disordered`: copies of a writer that came before an earlier one of theirs. */
    check: get("/copies", {
      access: "public",
      output: z.object({ count: z.int(), distinct: z.int(), disordered: z.int() }),
    }),
  },
});
