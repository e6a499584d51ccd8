/** The whole: an Express program that nobody changed, a Python program that keeps a contract, and a typed service. */
import { external, system } from "@cantle/system";
import { catalog } from "./catalog/contract.ts";
import { weather } from "./weather/contract.ts";

export default system("wrapped", {
  services: {
    catalog: () => import("./catalog/service.ts"),
    legacy: external({ command: "node legacy/server.js", route: "/legacy", access: "public", health: "/health" }),
    weather: external({ command: "python3 weather/app.py", health: "/health", contract: weather, uses: [catalog] }),
  },
});
