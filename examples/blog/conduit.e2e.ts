/** The collection of the RealWorld project against the running blog, in every placement. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { collection, collectionAssertions, runCollection } from "./conduit/run-collection.ts";
import { startBlog } from "./testing.ts";

const skip = existsSync(collection)
  ? false
  : "needs the RealWorld collection in ../shared/realworld beside the repository";

for (const placement of ["one", "each", "threads", "two", "http"]) {
  test(`placed as '${placement}', the blog passes the Conduit collection, and once more on the data that it left`, {
    skip,
  }, async () => {
    const blog = await startBlog(placement);
    try {
      assert.deepEqual(
        blog.running.list().filter((row) => row.state !== "ready"),
        [],
      );
      for (const _ of ["first", "second"]) {
        assert.deepEqual(await runCollection(blog.url), { assertions: collectionAssertions, failures: [] });
      }
    } finally {
      await blog.stop();
    }
  });
}

test("a run against something else than the blog is not mistaken for a pass", { skip }, async () => {
  // Port 9 (discard) is never served here; every request fails.
  const { failures } = await runCollection("http://127.0.0.1:9/api");
  assert.ok(failures.length > 0);
});
