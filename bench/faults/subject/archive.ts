/** An archive that is as slow as it was told to be. */
import { setTimeout as moment } from "node:timers/promises";
import { service } from "@cantle/service";
import { archive } from "./contracts.ts";

let paceMs = 5;

export default service(archive, {
  handlers: {
    async look() {
      await moment(paceMs);
      return { at: "archive" };
    },
    async pace({ ms }) {
      paceMs = ms;
      return { at: "archive" };
    },
  },
});
