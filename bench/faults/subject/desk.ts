/** A desk. */
import { service } from "@cantle/service";
import { archive, desk, shelf } from "./contracts.ts";

export default service(desk, {
  uses: { shelf, archive },
  handlers: {
    shelf: (input, { shelf }) => shelf.look(input),
    archive: (_input, { archive }) => archive.look(),
    own: async () => ({ at: "desk" }),
  },
});
