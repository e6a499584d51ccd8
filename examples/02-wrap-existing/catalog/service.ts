/** The catalog of trips: an ordinary service that calls a Python program as if it were one too. */
import { isFailure } from "@cantle/contract";
import { isCantleError } from "@cantle/core";
import { service } from "@cantle/service";
import { weather } from "../weather/contract.ts";
import { catalog } from "./contract.ts";

const trips = [
  { id: "fjords", city: "Bergen", title: "Seven fjords" },
  { id: "tiles", city: "Lisbon", title: "Blue tiles" },
  { id: "moon", city: "Tycho", title: "Far away" },
];

export default service(catalog, {
  uses: { weather },
  handlers: {
    list: async () => trips,
    async read({ id }, { weather: sky, fail, log }) {
      const trip = trips.find((each) => each.id === id);
      if (trip === undefined) throw fail("NoSuchTrip");
      try {
        const forecast = await sky.forecast({ city: trip.city }, { timeoutMs: 2_000 });
        return { ...trip, sky: forecast.sky };
      } catch (error) {
        if (!isFailure(error, weather.operations.forecast, "NoSuchCity") && !isAway(error)) throw error;
        log.warn("there is no forecast", { error });
        return { ...trip, sky: "unknown" };
      }
    },
    suggest: (_input, { weather }) => weather.warmest(),
  },
});

/** True when nobody could answer just now. */
function isAway(error: unknown): boolean {
  return isCantleError(error) && ["UNAVAILABLE", "UNREACHABLE", "DEADLINE_EXCEEDED"].includes(error.code);
}
