// expect: 'lists' does not exist
import { service } from "@cantle/service";
import { posts } from "./accounts.ts";

export default service(posts, {
  handlers: {
    async list() {
      return [];
    },
    async lists() { // here
      return [];
    },
  },
});
