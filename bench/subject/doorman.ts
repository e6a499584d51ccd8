/** Gives tokens to whoever asks. */
import { identity } from "@cantle/identity";
import { service } from "@cantle/service";
import { doorman } from "./contract.ts";

export default service(doorman, {
  uses: { identity },
  handlers: {
    enter: async ({ name }, { identity }) => ({ token: (await identity.mint({ subject: name })).token }),
  },
});
