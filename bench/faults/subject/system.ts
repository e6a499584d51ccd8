/** The subject as a system, with no policy chosen. */
import { system } from "@cantle/system";

export default system("faults", {
  services: {
    desk: () => import("./desk.ts"),
    shelf: () => import("./shelf.ts"),
    archive: () => import("./archive.ts"),
  },
  placements: { pair: { units: { shelf: { services: ["shelf"], instances: 2 } } } },
});
