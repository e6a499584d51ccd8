// expect: Type 'number' is not assignable to type 'string'
import { service } from "@cantle/service";
import { posts } from "./accounts.ts";

export default service(posts, {
  handlers: {
    async list() { // here
      return [1];
    },
  },
});
