import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { firstExample, testTerminal } from "./fixture.ts";
import { readPort, startRequest } from "./start-request.ts";

test("options are stronger than the environment, and that is stronger than what is usual", () => {
  const ask = (env: Record<string, string>, options = {}) => {
    const { host, port } = startRequest(testTerminal({ env }), options);
    return [host, port];
  };
  assert.deepEqual(ask({}), [undefined, 8080]);
  assert.deepEqual(ask({ PORT: "", HOST: "" }), [undefined, 8080]);
  assert.deepEqual(ask({ PORT: "9000", HOST: "127.0.0.2" }), ["127.0.0.2", 9000]);
  assert.deepEqual(ask({ PORT: "9000", HOST: "127.0.0.2" }, { port: 0, host: "::1" }), ["::1", 0]);
});

test("a PORT that is none is refused by its name", () => {
  for (const text of ["http", "-1", "65536", "80 ", "0x50"]) {
    assert.equal(readPort(text), undefined);
    assert.throws(() => startRequest(testTerminal({ env: { PORT: text } }), {}), { code: "USAGE", place: "PORT" });
  }
});

test("paths are of the folder the command was called in", () => {
  const request = startRequest(testTerminal(), { readyFile: "run/ready.json" });
  assert.equal(request.readyFile, join(firstExample, "run/ready.json"));
  assert.equal(request.file, join(firstExample, "system.ts"));
});
