/** The subject as a system of ours. */
import { system } from "@cantle/system";

export default system("orders", {
  services: {
    orders: () => import("./service.ts"),
    doorman: () => import("./doorman.ts"),
  },
  gateway: { inFlightMax: 2_000 },
});
