/** A service that says one word. */
import { contract, get } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";

const three = contract("three", {
  version: "1.0.0",
  operations: { say: get("/three", { access: "public", output: z.object({ word: z.string() }) }) },
});

export default service(three, { handlers: { say: async () => ({ word: "before" }) } });
