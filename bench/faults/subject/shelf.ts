/** A shelf. What is booked is in the journal before it is answered, and stays there whatever becomes of this process. */
import { appendFileSync } from "node:fs";
import { setTimeout as moment } from "node:timers/promises";
import { service } from "@cantle/service";
import { z } from "zod";
import { shelf } from "./contracts.ts";

export default service(shelf, {
  config: z.object({ journal: z.string().default("/dev/null") }),
  handlers: {
    async look({ ms }) {
      if (ms > 0) await moment(ms);
      return { at: "shelf" };
    },
    async book({ key }, { config }) {
      appendFileSync(config.journal, `${key}\n`);
      return { at: "shelf" };
    },
    async spin() {
      while (true);
    },
  },
});
