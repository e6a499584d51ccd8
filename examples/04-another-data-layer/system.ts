/** The whole: one service. */
import { system } from "@cantle/system";

export default system("orders", { services: { orders: () => import("./service.ts") } });
