// expect: Property 'closed' does not exist on type
import { service } from "@cantle/service";
import { accounts, posts } from "./accounts.ts";

export default service(posts, {
  uses: { accounts },
  handlers: { list: async () => [] },
  on: (subscribe) => [
    subscribe(accounts.events.closed, async () => {}), // here
  ],
});
