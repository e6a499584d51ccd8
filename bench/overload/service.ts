/** The work service, as a user would write it: some 5 ms of one core for each call. */
import { createHash } from "node:crypto";
import { service } from "@cantle/service";
import { work } from "./contract.ts";

/** A count and not a time: how much is done must not hang on who else uses the machine. */
const rounds = 6_500;

export default service(work, { handlers: { spend: async () => ({ digest: spend() }) } });

/** Spends it. */
export function spend(): string {
  let digest = "work";
  for (let round = 0; round < rounds; round++) digest = createHash("sha256").update(digest).digest("hex");
  return digest;
}
