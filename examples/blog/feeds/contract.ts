/** What feeds promises: for each reader the articles of those he followed when they were published, ready to be read. */
import { contract, get } from "@cantle/contract";
import { z } from "zod";

const Entry = z.object({ articleId: z.int(), slug: z.string(), title: z.string(), publishedAt: z.iso.datetime() });

/** The contract of the feeds service. */
export const feeds = contract("feeds", {
  version: "1.0.0",
  operations: {
    mine: get("/feeds/mine", {
      access: "user",
      summary: "What was published by those one follows, newest first; a moment behind what just happened.",
      input: z.object({ limit: z.int().min(1).max(100).default(20) }),
      output: z.object({ entries: z.array(Entry) }),
    }),
  },
});
