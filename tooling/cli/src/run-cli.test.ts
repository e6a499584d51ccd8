import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { codes } from "@cantle/core";
import { greeter, systemOf, type TestTerminal, testFolder, testTerminal } from "./fixture.ts";
import { runCli } from "./run-cli.ts";

async function run(words: readonly string[], terminal: TestTerminal = testTerminal()) {
  const exit = await runCli(words, terminal);
  return { exit, result: terminal.result.join("\n"), progress: terminal.progress.join("\n") };
}

test("nothing, help and --help are the same help, on stdout", async () => {
  const [nothing, help, option] = [await run([]), await run(["help"]), await run(["--help"])];
  assert.deepEqual([nothing.exit, nothing.progress], [0, ""]);
  assert.match(nothing.result, /^Usage: cantle /);
  assert.deepEqual([help, option], [nothing, nothing]);
  assert.deepEqual(await run(["help", "ps"]), await run(["ps", "--help"]));
});

test("the version is that of the package", async () => {
  assert.match((await run(["--version"])).result, /^\d+\.\d+\.\d+/);
});

test("a command line that cannot be read is exit code 2, and says what was meant", async () => {
  const cases: [readonly string[], RegExp][] = [
    [["sevices"], /unknown command 'sevices'\n {2}--> cantle\n {2}help: did you mean services\?/],
    [["ps", "--jsn"], /unknown option '--jsn'\n {2}--> cantle ps\n {2}help: did you mean --json\?/],
    [["ps", "extra"], /too many arguments.*\n {2}--> cantle ps\n {2}help: see `cantle ps --help`/],
    [["start", "--port", "http"], /argument 'http' is invalid/],
    [["start", "--port"], /argument missing/],
    [["start", "--set", "novalue"], /argument 'novalue' is invalid/],
    [["call"], /missing required argument/],
    [["call", "accounts"], /'accounts' is not SERVICE\.OPERATION/],
    [["contract"], /needs one more word/],
    [["contract", "exprt"], /did you mean export\?/],
    [["explain", "port-buzy"], /did you mean 'PORT_BUSY'\?/],
    [["services", "--system", "nowhere.ts"], /there is no such file or folder/],
  ];
  for (const [words, shape] of cases) {
    const { exit, result, progress } = await run(words);
    assert.deepEqual([exit, result], [2, ""], words.join(" "));
    assert.match(progress, /^(Usage: [\s\S]*)?error\[USAGE\]: /m);
    assert.match(progress, shape);
  }
});

test("commands about a running system end with 4 where none runs", async () => {
  await using folder = await testFolder({ "system.ts": systemOf("s", []) });
  for (const words of [["ps"], ["stop"], ["logs"], ["restart"], ["topics"], ["queues"], ["dead-letters"]]) {
    const { exit, result, progress } = await run(words, testTerminal({ cwd: folder.path }));
    assert.deepEqual([exit, result], [4, ""], words.join(" "));
    assert.match(progress, /error\[NOT_RUNNING\]/);
  }
});

test("a call of what does not exist is exit code 4 before anything is sent, and of what is internal too", async () => {
  await using folder = await testFolder({ "system.ts": systemOf("s", ["greetings"]), "greetings.ts": greeter() });
  const call = (target: string) => run(["call", target], testTerminal({ cwd: folder.path }));
  const [service, operation, internal] = [
    await call("greting.greet"),
    await call("greetings.gret"),
    await call("greetings.count"),
  ];
  assert.deepEqual([service.exit, operation.exit, internal.exit], [4, 4, 4]);
  assert.match(service.progress, /SERVICE_UNKNOWN.*\n {2}help: did you mean 'greetings'\?/);
  assert.match(operation.progress, /OPERATION_UNKNOWN.*\n {2}help: did you mean 'greet'\?/);
  assert.match(internal.progress, /'greetings.count' is internal: no gateway shows it/);
});

test("services are listed with their operations, their unit, and what is broken", async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["greetings", "mail"]),
    "greetings.ts": greeter(),
    "mail.ts": "throw new Error('no mail today')",
  });
  const { exit, result } = await run(["services", "--units", "one", "--json"], testTerminal({ cwd: folder.path }));
  const listed = JSON.parse(result);
  assert.deepEqual([exit, listed.system, listed.placement], [0, "s", "one"]);
  const [greetings, mail] = listed.services;
  assert.deepEqual(
    [greetings.service, greetings.version, greetings.unit, greetings.error],
    ["greetings", "1.2.0", "one", null],
  );
  assert.deepEqual(greetings.operations[1], {
    operation: "count",
    method: "GET",
    path: "/greetings",
    shape: "value",
    access: "internal",
    deprecated: false,
  });
  assert.deepEqual(
    [mail.service, mail.version, mail.operations, mail.error.code],
    ["mail", null, [], "SERVICE_BROKEN"],
  );
});

test("check ends with 3 and every mistake, or with 0", async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["greetings", "mail"]),
    "greetings.ts": greeter(),
    "mail.ts": "export const nothing = 1;",
    "config.yaml": "greetings:\n  marc: '?'\n",
  });
  const { exit, result } = await run(["check", "--json"], testTerminal({ cwd: folder.path }));
  const { ok, findings } = JSON.parse(result);
  assert.deepEqual([exit, ok], [3, false]);
  assert.deepEqual(
    findings.map(({ code }: { code: string }) => code),
    ["SERVICE_BROKEN", "CONFIG_INVALID"],
  );
  assert.deepEqual(Object.keys(findings[1]), ["code", "message", "place", "help", "errors"]);
  assert.equal((await run(["check"])).exit, 0);
  assert.equal((await run(["contract", "check"])).exit, 0);
});

test("config shows where each value came from, and no secret", async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["greetings"]),
    "greetings.ts": greeter(),
    "config.yaml": "greetings:\n  apiToken: hunter2\n",
  });
  const terminal = testTerminal({ cwd: folder.path });
  const { exit, result } = await run(["config", "--set", "greetings.mark=?", "--json"], terminal);
  assert.equal(exit, 0);
  assert.deepEqual(JSON.parse(result), {
    config: [
      { path: "greetings.mark", value: "?", source: "--set", from: "--set" },
      { path: "greetings.apiToken", value: "********", source: "file", from: "config.yaml" },
    ],
  });
});

test("a contract is exported as JSON Schema and as OpenAPI, to stdout or a file", async () => {
  const one = JSON.parse((await run(["contract", "export", "accounts"])).result);
  assert.deepEqual([one.name, Object.keys(one.operations)], ["accounts", ["open", "read", "change", "close"]]);
  assert.equal(one.operations.open.input.properties.email.format, "email");
  assert.equal(one.operations.read.errors.NoSuchAccount.status, 404);
  const all = JSON.parse((await run(["contract", "export"])).result);
  assert.deepEqual(all, { system: "first", contracts: [one] });
  const document = JSON.parse((await run(["contract", "export", "--openapi"])).result);
  assert.deepEqual([document.openapi, document.info.title], ["3.1.0", "first"]);
  await using folder = await testFolder();
  const file = join(folder.path, "openapi.json");
  const written = await run(["contract", "export", "--openapi", "--out", file]);
  assert.deepEqual([written.exit, written.result, written.progress], [0, "", `wrote ${file}`]);
  assert.equal((await run(["contract", "export", "acounts"])).exit, 4);
});

test("explain tells of a code however it is written, and lists all", async () => {
  for (const name of ["PORT_BUSY", "port-busy", "error[PORT_BUSY]:"]) {
    const { exit, result } = await run(["explain", name]);
    assert.equal(exit, 0);
    assert.match(result, /^PORT_BUSY\n[\s\S]*Exit code: 7/);
  }
  assert.deepEqual(JSON.parse((await run(["explain", "PORT_BUSY", "--json"])).result).exit, 7);
  const { result } = await run(["explain"]);
  for (const code of Object.keys(codes)) assert.ok(result.includes(code), code);
});

test("a bug is exit code 9", async () => {
  const terminal: TestTerminal = {
    ...testTerminal(),
    out: () => {
      throw new TypeError("no paper");
    },
  };
  const { exit, progress } = await run(["explain", "USAGE"], terminal);
  assert.equal(exit, 9);
  assert.match(progress, /error: no paper[\s\S]*please report it/);
});

test("events and queues are listed, and exported with their schemas and as AsyncAPI", async () => {
  const mails = `
import { contract, event, queue } from "@cantle/contract";
import { service } from "@cantle/service";
import { z } from "zod";
export default service(contract("mails", {
  version: "1.0.0",
  operations: {},
  events: { sent: event(z.object({ to: z.string() }), { key: "to" }) },
  queues: { mail: queue(z.object({ to: z.string() })) },
}), { handlers: {} });`;
  await using folder = await testFolder({ "system.ts": systemOf("s", ["mails"]), "mails.ts": mails });
  const print = async (...words: string[]) => {
    const { exit, result, progress } = await run(words, testTerminal({ cwd: folder.path }));
    assert.equal(exit, 0, progress);
    return result;
  };
  assert.match(await print("services"), /event +mails\.sent\n +queue +mails\.mail$/);
  const [listed] = JSON.parse(await print("services", "--json")).services;
  assert.deepEqual([listed.events, listed.queues], [["mails.sent"], ["mails.mail"]]);
  const { events, queues } = JSON.parse(await print("contract", "export", "mails"));
  assert.deepEqual([events.sent.channel, events.sent.key, events.sent.data.required], ["mails.sent", "to", ["to"]]);
  assert.equal(queues.mail.channel, "mails.mail");
  const document = JSON.parse(await print("contract", "export", "--asyncapi"));
  assert.deepEqual([document.asyncapi, Object.keys(document.channels)], ["3.0.0", ["mails.sent", "mails.mail"]]);
});

test("a slip behind a group of commands that list by themselves is told", async () => {
  const { exit, progress } = await run(["topics", "pek"]);
  assert.equal(exit, 2);
  assert.match(progress, /did you mean peek\?/);
});
