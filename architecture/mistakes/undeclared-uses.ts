// expect: Property 'posts' does not exist
import { service } from "@cantle/service";
import { posts } from "./accounts.ts";

export default service(posts, {
  handlers: {
    async list(_input, { posts }) { // here
      return posts.list();
    },
  },
});
