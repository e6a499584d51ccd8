// expect: Type 'number' is not assignable to type 'string'
import { service } from "@cantle/service";
import { accounts, posts } from "./accounts.ts";

export default service(posts, {
  uses: { accounts },
  handlers: { list: async () => [] },
  on: (subscribe) => [
    subscribe(accounts.events.opened, async (_account, { send }) => {
      await send(accounts.queues.welcome, { to: 7 }); // here
    }),
  ],
});
