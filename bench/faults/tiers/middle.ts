/** The tier in between. */
import { service } from "@cantle/service";
import { back, middle } from "./contracts.ts";

let count = 0;

export default service(middle, {
  uses: { back },
  handlers: {
    work(input, { back }) {
      count++;
      return back.work(input);
    },
    counts: async (_input, { back }) => ({ ...(await back.counts()), middle: count }),
  },
});
