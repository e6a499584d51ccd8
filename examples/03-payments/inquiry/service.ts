/**
 * The inquiry service. Each answer takes a while (the bank's core system, which is slow and far) and some computing (a score of
 * the account), as such answers do.
 */
import { createHash } from "node:crypto";
import { setTimeout as moment } from "node:timers/promises";
import { service } from "@cantle/service";
import { z } from "zod";
import { inquiry } from "./contract.ts";

const scoreRounds = 100;

export default service(inquiry, {
  config: z.object({
    /** How long the core system takes, ms. */
    coreMs: z.number().default(50),
  }),
  handlers: {
    async balance({ account }, { config }) {
      await moment(config.coreMs);
      const cents = Number.parseInt(hashOf(account).slice(0, 5), 16);
      return { account, cents, limitCents: Math.round(cents * scoreOf(account)) };
    },
  },
});

/** Between 0 and 1; the same for the same account. */
function scoreOf(account: string): number {
  let hash = account;
  for (let round = 0; round < scoreRounds; round++) hash = hashOf(hash);
  return Number.parseInt(hash.slice(0, 8), 16) / 0xffffffff;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
