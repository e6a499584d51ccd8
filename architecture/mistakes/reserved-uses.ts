// expect: 'caller' is a word of the handlers' context; call it something else
import { service } from "@cantle/service";
import { accounts, posts } from "./accounts.ts";

export default service(posts, {
  uses: { caller: accounts }, // here
  handlers: {
    async list() {
      return [];
    },
  },
});
