/** The whole: one service. More go on a line of their own, and run in one process or in many. */
import { system } from "@cantle/system";

export default system("first", {
  services: { accounts: () => import("./service.ts") },
});
