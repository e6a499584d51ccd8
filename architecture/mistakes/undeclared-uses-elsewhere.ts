// expect: Property 'mailer' is missing
import { implement } from "@cantle/contract";
import { service } from "@cantle/service";
import { accounts, posts } from "./accounts.ts";

const list = implement(posts.operations.list, { uses: { mailer: accounts } }, async (_input, { mailer }) => {
  await mailer.purge({ before: "" });
  return [];
});

export default service(posts, {
  uses: { accounts },
  handlers: { list }, // here
});
