import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Command } from "commander";
import { testTerminal } from "./fixture.ts";
import { createProgram } from "./program.ts";
import { pathOf } from "./usage.ts";

const program = createProgram({ terminal: testTerminal(), finish: () => {} });
const page = readFileSync(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** The rows of the table of a command: what is written, and what it means. */
function documented(): ReadonlyMap<string, readonly string[]> {
  const sections = page.split(/^## /m).filter((section) => section.startsWith("cantle "));
  return new Map(
    sections.map((section) => {
      const [title = "", ...lines] = section.split("\n");
      return [title, lines.filter((line) => line.startsWith("| `"))];
    }),
  );
}

function defined(command: Command): readonly string[] {
  const named = command.registeredArguments.map((argument) => {
    const dots = argument.variadic ? "..." : "";
    const name = argument.required ? `<${argument.name()}${dots}>` : `[${argument.name()}${dots}]`;
    return [name, argument.description];
  });
  const options = command.options.map(({ flags, description }) => [flags, description]);
  return [...named, ...options].map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
}

test("the reference has every command, argument and option with its meaning, and no other", () => {
  const expected = new Map(leavesOf(program).map((command) => [pathOf(command), defined(command)]));
  assert.deepEqual(documented(), expected);
});

test("every command says what it does, shortly in the list and in a sentence of its own", () => {
  for (const command of [...leavesOf(program), ...program.commands]) {
    assert.notEqual(command.summary(), "", pathOf(command));
    assert.ok(command.summary().length <= 50, pathOf(command));
    assert.match(command.description(), /^[A-Z].*\.$/, pathOf(command));
  }
});

test("every command with a result can give it as JSON", () => {
  const without = leavesOf(program).filter((command) => !command.options.some(({ long }) => long === "--json"));
  // An export is JSON already.
  assert.deepEqual(without.map(pathOf), ["cantle contract export"]);
});
