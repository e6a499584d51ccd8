// expect: Property 'list' is missing
import { service } from "@cantle/service";
import { posts } from "./accounts.ts";

export default service(posts, {
  handlers: {}, // here
});
