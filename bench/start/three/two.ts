/** A service that says one word. */
import { contract, get } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";

const two = contract("two", {
  version: "1.0.0",
  operations: { say: get("/two", { access: "public", output: z.object({ word: z.string() }) }) },
});

export default service(two, { handlers: { say: async () => ({ word: "before" }) } });
