/** The tiers as a system. Nothing but the budget of retries shall hold anybody back: no breaker, nobody left out. */
import process from "node:process";
import { external, system } from "@cantle/system";
import { back } from "./contracts.ts";

export default system("tiers", {
  services: {
    front: () => import("./front.ts"),
    middle: () => import("./middle.ts"),
    back: external({ command: [process.execPath, "back.ts"], health: "/health", contract: back }),
  },
  policies: { "*": { breaker: false, ejection: false } },
});
