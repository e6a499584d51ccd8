/** The journal and its copies. */
import { system } from "@cantle/system";

export default system("journal", {
  services: { journal: () => import("./journal.ts"), copies: () => import("./copies.ts") },
});
