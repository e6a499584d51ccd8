/**
 * What the types of a large service cost the compiler: a contract of 60 operations, its service and a client of it. The
 * budget is in instantiations, which are the same on every machine; time is printed, and judged by nobody here.
 *
 * When this fails, a type has become dearer. Make it cheaper, or raise the budget and say in the change what it bought.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compile } from "./compiler.ts";

const operationsCount = 60;
const instantiationsMax = 165_000;

const names = Array.from({ length: operationsCount }, (_, at) => `operation${at}`);

const contractFile = `
import { contract, get, post } from "@cantle/contract";
import { z } from "zod";

export const side = contract("side", { version: "1.0.0", operations: { look: get("/look/{id}", { input: z.object({ id: z.string() }), output: z.object({ seen: z.boolean() }) }) } });

export const large = contract("large", {
  version: "1.0.0",
  operations: {
${names
  .map((name, at) => {
    const verb = at % 2 === 0 ? "get" : "post";
    return `    ${name}: ${verb}("/${name}/{id}", {
      access: ${at % 3 === 0 ? '"public"' : at % 3 === 1 ? '"user"' : '{ roles: ["admin"] }'},
      input: z.object({ id: z.uuid(), text${at}: z.string().min(1), size: z.int().default(${at}), tags: z.array(z.string()).optional() }),
      output: z.object({ id: z.uuid(), text${at}: z.string(), size: z.number(), at: z.iso.datetime(), inner: z.object({ a: z.boolean().nullable() }) }),
      errors: { Missing${at}: { status: 404 }, Taken: { status: 409, data: z.object({ by${at}: z.string() }) } },
    }),`;
  })
  .join("\n")}
  },
});
`;

const serviceFile = `
import { service } from "@cantle/service";
import { z } from "zod";
import { large, side } from "./contract.ts";

export default service(large, {
  config: z.object({ max: z.number().default(3) }),
  uses: { side },
  handlers: {
${names
  .map(
    (name, at) => `    async ${name}({ id, text${at}, size }, { side, fail, config, log }) {
      const { seen } = await side.look({ id });
      if (size > config.max) throw fail("Missing${at}");
      if (seen) throw fail("Taken", { by${at}: id });
      log.info("done", { id });
      return { id, text${at}, size, at: "", inner: { a: seen } };
    },`,
  )
  .join("\n")}
  },
});
`;

const callerFile = `
import { isFailure, type Client, type OutsideClient } from "@cantle/contract";
import { large } from "./contract.ts";

export async function callAll(inside: Client<typeof large>, outside: OutsideClient<typeof large>): Promise<void> {
${names
  .map(
    (name, at) => `  try {
    const { inner } = await inside.${name}({ id: "", text${at}: "" });
    await outside.${name}({ id: "", text${at}: String(inner.a), tags: [] });
  } catch (error) {
    if (isFailure(error, large.operations.${name}, "Taken")) error.data.by${at}.toUpperCase();
  }`,
  )
  .join("\n")}
}
`;

const project = JSON.stringify({
  extends: "../../tsconfig.base.json",
  compilerOptions: { noEmit: true },
  include: ["*.ts"],
});

test(`a service of ${operationsCount} operations costs at most ${instantiationsMax} instantiations`, async (context) => {
  const folder = await mkdtemp(fileURLToPath(new URL("./type-cost-", import.meta.url)));
  try {
    const files = {
      "contract.ts": contractFile,
      "service.ts": serviceFile,
      "caller.ts": callerFile,
      "tsconfig.json": project,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { errors, output } = await compile(folder, "--extendedDiagnostics", "--singleThreaded");
    assert.deepEqual(errors, []);
    const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(output)?.[1]);
    const checkTime = /^Check time:\s+(.+)$/m.exec(output)?.[1];
    const totalTime = /^Total time:\s+(.+)$/m.exec(output)?.[1];
    context.diagnostic(
      `${instantiations} instantiations of ${instantiationsMax}; checked in ${checkTime}, ${totalTime} in all`,
    );
    assert.ok(
      instantiations > 0 && instantiations <= instantiationsMax,
      `${instantiations} instantiations, ${instantiationsMax} at most`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
