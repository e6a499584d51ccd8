// expect: 'send' does not exist in type
import { service } from "@cantle/service";
import { posts } from "./accounts.ts";

export default service(posts, {
  uses: { mailer: { send() {} } }, // here
  handlers: {
    async list() {
      return [];
    },
  },
});
