/** What the catalog promises. Whoever calls it imports this, and nothing else of it. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

const Trip = z.object({ id: z.string(), city: z.string(), title: z.string() });
const Sky = z.string().describe("What it looks like there, or 'unknown' while the weather cannot be asked.");

/** The contract of the catalog. */
export const catalog = contract("catalog", {
  version: "1.0.0",
  operations: {
    list: get("/trips", { summary: "All trips. For services only: it says nothing of access.", output: z.array(Trip) }),
    read: get("/trips/{id}", {
      access: "public",
      input: z.object({ id: z.string() }),
      output: Trip.extend({ sky: Sky }),
      errors: { NoSuchTrip: { status: 404 } },
    }),
    suggest: get("/suggestion", { access: "public", summary: "The trip to where it is warmest.", output: Trip }),
  },
});
