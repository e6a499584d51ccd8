/** The blog for tests: whole, in any placement, with its state in a folder that goes away with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningSystem, startSystem } from "@cantle/host";

/** A running blog. */
export interface TestBlog {
  /** Ends in `/api`. */
  readonly url: string;
  readonly running: RunningSystem;
  stop(): Promise<void>;
}

/** Starts the blog in a placement; `one` where nothing else is said. */
export async function startBlog(placement = "one", more: Readonly<Record<string, string>> = {}): Promise<TestBlog> {
  const home = await mkdtemp(join(tmpdir(), "blog-"));
  const running = await startSystem({
    file: join(import.meta.dirname, "system.ts"),
    placement,
    port: 0,
    set: [`storage.folder=${join(home, "images")}`],
    env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error", ...more },
  });
  return {
    url: `${running.addresses.gateway}/api`,
    running,
    async stop() {
      await running.stop();
      await rm(home, { recursive: true });
    },
  };
}
