/** What the Python program promises. It knows nothing of this file; who calls it does. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

const Forecast = z.object({ city: z.string(), sky: z.enum(["sun", "rain"]), celsius: z.number() });
const Trip = z.object({ id: z.string(), city: z.string(), title: z.string() });

/** The contract of the weather program. */
export const weather = contract("weather", {
  version: "1.0.0",
  operations: {
    forecast: get("/forecast/{city}", {
      input: z.object({ city: z.string() }),
      output: Forecast,
      errors: { NoSuchCity: { status: 404 } },
    }),
    warmest: get("/warmest", { summary: "The trip to where it is warmest; asks the catalog.", output: Trip }),
  },
});
