/** What notices promises: to tell people of what they want to know of, sooner or later, and each thing once. */
import { contract, get, queue } from "@cantle/contract";
import { z } from "zod";

const Notice = z.object({ to: z.string(), text: z.string().max(1_000) });

/** The contract of the notices service. */
export const notices = contract("notices", {
  version: "1.0.0",
  operations: {
    mine: get("/notices", {
      access: "user",
      summary: "The notices that one was sent, newest first.",
      input: z.object({ limit: z.int().min(1).max(100).default(20) }),
      output: z.object({ notices: z.array(Notice.extend({ sentAt: z.iso.datetime() })) }),
    }),
  },
  queues: { notice: queue(Notice, { summary: "A notice to be sent." }) },
});
