/** The work service as a system, with nothing changed from what everybody gets. */
import { system } from "@cantle/system";

export default system("overload", { services: { work: () => import("./service.ts") } });
