/** A service that says one word. */
import { contract, get } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";

const one = contract("one", {
  version: "1.0.0",
  operations: { say: get("/one", { access: "public", output: z.object({ word: z.string() }) }) },
});

export default service(one, { handlers: { say: async () => ({ word: "before" }) } });
