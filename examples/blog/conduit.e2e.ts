/** The collection of the RealWorld project against the running blog. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectionAssertions, runCollection } from "./conduit/run-collection.ts";
import { startBlog } from "./testing.ts";

test("the blog passes the Conduit collection, and once more on the data that it left", async () => {
  const blog = await startBlog();
  try {
    for (const _ of ["first", "second"]) {
      assert.deepEqual(await runCollection(blog.url), { assertions: collectionAssertions, failures: [] });
    }
  } finally {
    await blog.stop();
  }
});

test("a run against something else than the blog is not mistaken for a pass", async () => {
  // Port 9 (discard) is never served here; every request fails.
  const { failures } = await runCollection("http://127.0.0.1:9/api");
  assert.ok(failures.length > 0);
});
