/**
 * Payments: three services, of which one has nearly all of the load. Only that one is scaled.
 *
 *     settlement ──▶ payment ──▶ inquiry × 1 to 6
 */
import { system } from "@cantle/system";

export default system("payments", {
  services: {
    inquiry: () => import("./inquiry/service.ts"),
    payment: () => import("./payment/service.ts"),
    settlement: () => import("./settlement/service.ts"),
  },
  placements: {
    // Two of each, for those who cannot wait for one to come back.
    twice: {
      units: {
        inquiry: { services: ["inquiry"], instances: 2 },
        payment: { services: ["payment"], instances: 2 },
        settlement: { services: ["settlement"], instances: 2 },
      },
    },
  },
  // Each instance is to have eight calls in flight, no more and no less.
  scaling: {
    inquiry: { min: 1, max: 6, target: { inFlight: 8 }, downStabilisationMs: 20_000 },
  },
});
