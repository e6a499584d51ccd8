/** The tier that clients call. */
import { service } from "@cantle/service";
import { front, middle } from "./contracts.ts";

let count = 0;

export default service(front, {
  uses: { middle },
  handlers: {
    work(input, { middle }) {
      count++;
      return middle.work(input);
    },
    counts: async (_input, { middle }) => ({ ...(await middle.counts()), front: count }),
  },
});
