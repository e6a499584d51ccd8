// expect: 'use' does not exist in type 'ServiceSpec<
import { service } from "@cantle/service";
import { accounts, posts } from "./accounts.ts";

export default service(posts, {
  use: { accounts }, // here
  handlers: {
    async list() {
      return [];
    },
  },
});
