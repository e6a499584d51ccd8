/** `dev`: what it shows, and what edits do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listLeftovers } from "@cantle/supervisor";
import { greeter, launch, runToEnd, systemOf, testFolder } from "./fixture.ts";

const timeout = 60_000;
const files = { "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() };

test("dev shows a call to try, restarts what is edited, and outlasts a broken edit", { timeout }, async () => {
  await using folder = await testFolder(files);
  await using dev = launch(["dev", "--port", "0"], { cwd: folder.path });
  const [, url = ""] = await dev.until(/^try curl (http:\S+)$/m);
  const greet = async () => (await (await fetch(url)).json()) as { text: string };
  assert.deepEqual(await greet(), { text: "hello hello!" });
  await dev.until(/watching for edits/);

  await folder.write("greetings.ts", greeter("good day,"));
  await dev.until(/^restarted greetings in \d+ ms \(greetings\.ts\)$/m);
  assert.deepEqual(await greet(), { text: "good day, hello!" });

  await folder.write("greetings.ts", `${greeter("broken")}\nconst x = ;`);
  await dev.until(/error\[SERVICE_BROKEN\][\s\S]*the one before it goes on/);
  assert.deepEqual(await greet(), { text: "good day, hello!" });
  await folder.write("greetings.ts", greeter("welcome,"));
  await dev.until(/restarted greetings[\s\S]*restarted greetings/);
  assert.deepEqual(await greet(), { text: "welcome, hello!" });
  assert.equal(dev.stderr().match(/error\[/g)?.length, 1);

  dev.child.kill("SIGINT");
  assert.equal(await dev.ended, 0);
  assert.deepEqual(listLeftovers(folder.path), []);
});

test("an edit during a rollout is said to wait, and is picked up when that has ended", { timeout }, async () => {
  await using folder = await testFolder(files);
  await using dev = launch(["dev", "--port", "0"], { cwd: folder.path });
  const [, gateway] = await dev.until(/ready at (\S+)/);
  const greet = async () => ((await (await fetch(`${gateway}/greetings/ann`)).json()) as { text: string }).text;
  await dev.until(/watching for edits/);
  const rollout = (...words: string[]) => runToEnd(["rollout", ...words], { cwd: folder.path });
  assert.equal((await rollout("start", "greetings", "--strategy", "canary", "--steps", "50")).exit, 0);
  await folder.write("greetings.ts", greeter("good day,"));
  await dev.until(/^greetings: it was edited; it is started again when the rollout has ended$/m);
  assert.equal((await rollout("abort", "greetings")).exit, 0);
  await dev.until(/^greetings: it was edited meanwhile, and is started again$[\s\S]*is ready/m);
  while ((await greet()) !== "good day, ann!") await dev.until(/is ready/);
  dev.child.kill("SIGINT");
  assert.equal(await dev.ended, 0);
  assert.deepEqual(listLeftovers(folder.path), []);
});

for (const units of ["one", "threads"]) {
  test(`dev --units ${units} restarts what is edited too, and a configuration file is everybody's`, {
    timeout,
  }, async () => {
    await using folder = await testFolder({
      ...files,
      "system.ts": systemOf("s", ["greetings", "farewells"]),
      "farewells.ts": greeter("goodbye").replaceAll("greetings", "farewells"),
    });
    await using dev = launch(["dev", "--port", "0", "--units", units], { cwd: folder.path });
    const [, gateway] = await dev.until(/ready at (\S+)/);
    await dev.until(/watching for edits/);
    const both = async () => {
      const ask = async (path: string) =>
        ((await (await fetch(`${gateway}/${path}/ann`)).json()) as { text: string }).text;
      return [await ask("greetings"), await ask("farewells")];
    };
    assert.deepEqual(await both(), ["hello ann!", "goodbye ann!"]);
    const shared = units === "one" ? "one" : "greetings";
    await folder.write("greetings.ts", greeter("good day,"));
    await dev.until(new RegExp(`^restarted ${shared} in .*\\(greetings\\.ts\\)$`, "m"));
    assert.deepEqual(await both(), ["good day, ann!", "goodbye ann!"]);
    await folder.write("config.yaml", "greetings: { mark: '?' }\nfarewells: { mark: '.' }\n");
    await dev.until(/^restarted .*\(config\.yaml\)$/m);
    assert.deepEqual(await both(), ["good day, ann?", "goodbye ann."]);
    dev.child.kill("SIGINT");
    assert.equal(await dev.ended, 0);
    assert.doesNotMatch(dev.stderr(), /error/);
    assert.deepEqual(listLeftovers(folder.path), []);
  });
}

test("a service that is broken from the beginning can be mended", { timeout }, async () => {
  await using folder = await testFolder({ ...files, "greetings.ts": "throw new Error('not yet')" });
  await using dev = launch(["dev", "--port", "0"], { cwd: folder.path });
  await dev.until(/^s is ready at .*, without greetings/m);
  await dev.until(/watching for edits/);
  await folder.write("greetings.ts", greeter());
  await dev.until(/restarted greetings/);
  dev.child.kill("SIGINT");
  assert.equal(await dev.ended, 0);
});

test("what an instance writes stands after its name, on stderr", { timeout }, async () => {
  await using folder = await testFolder({ ...files, "greetings.ts": `${greeter()}\nconsole.log("loaded");` });
  await using dev = launch(["dev", "--port", "0"], { cwd: folder.path });
  await dev.until(/^greetings │ loaded$/m);
  await dev.until(/is ready at/);
  assert.doesNotMatch(dev.stdout(), /loaded/);
});
