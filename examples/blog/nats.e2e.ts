/** The blog with a real NATS server as its broker: the RealWorld collection, and a feed that fills. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { collection, collectionAssertions, runCollection } from "./conduit/run-collection.ts";
import { member } from "./conduit/visitor.ts";
import { startBlog } from "./testing.ts";

const hasServer = spawnSync("nats-server", ["--version"]).error === undefined;
const required = process.env.CANTLE_REQUIRE_ENGINES === "1";
const skip = hasServer || required ? false : "needs nats-server: apt-get install -y nats-server";

/** A server with JetStream on a free port of this host. */
async function startNats(folder: string): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const place = ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder];
  const child = spawn("nats-server", ["-js", "-sd", join(folder, "data"), ...place], { stdio: "ignore" });
  for (;;) {
    const file = (await readdir(folder)).find((name) => name.endsWith(".ports"));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    const url = /nats:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (url !== undefined) return { url, child };
    assert.equal(child.exitCode, null, "nats-server ended");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("with NATS as its broker the blog passes the Conduit collection, and feeds fill", { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "cantle-blog-nats-"));
  const { url, child } = await startNats(folder);
  try {
    const blog = await startBlog("each", { BROKER_URL: url });
    try {
      assert.ok(!blog.running.list().some(({ unit }) => unit === "broker"));
      if (existsSync(collection))
        assert.deepEqual(await runCollection(blog.url), { assertions: collectionAssertions, failures: [] });
      const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
      assert.equal((await bob.ask(`POST /profiles/${ann.user.username}/follow`)).status, 200);
      const article = { title: "Over NATS", description: "d", body: "b" };
      assert.equal((await ann.ask("POST /articles", { article })).status, 201);
      while ((await bob.ask("GET /feeds/mine")).body.entries?.length !== 1) await new Promise((r) => setTimeout(r, 20));
    } finally {
      await blog.stop();
    }
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    await rm(folder, { recursive: true });
  }
});
