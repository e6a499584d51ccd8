import { startTestSystem } from "@cantle/testing";
const t0 = performance.now();
const { default: blog } = await import("../../examples/blog/system.ts");
for (const f of Object.values(blog.services)) await (f as any)();
await import("@cantle/sqlite");
const t1 = performance.now();
for (let i = 0; i < 5; i++) {
  const t = performance.now();
  const sys = await startTestSystem(blog, { config: { storage: { folder: "/tmp/x" } } });
  const t2 = performance.now();
  await sys.stop();
  console.log("start", (t2 - t).toFixed(1), "stop", (performance.now() - t2).toFixed(1));
}
console.log("imports", (t1 - t0).toFixed(0), "whole", performance.now().toFixed(0));
