/** What commander says of a command line it cannot read, as an error of ours. */
import { closest } from "@cantle/config";
import { CantleError } from "@cantle/core";
import type { Command, CommanderError } from "commander";

/** The `USAGE` error that says the same, with a help line: what was meant perhaps, or where to read on. */
export function usageError(error: Pick<CommanderError, "message" | "code">, command: Command): CantleError {
  if (error.code === "commander.help") return unfinished(command);
  const [first = "", ...rest] = error.message.split("\n");
  const meant = /^\(Did you mean (.*)\?\)$/.exec(rest.join(" ").trim())?.[1] ?? siblingMeant(error, command);
  return new CantleError("USAGE", first.replace(/^error: /, ""), {
    place: pathOf(command),
    help: meant === undefined ? `see \`${pathOf(command)} --help\`` : `did you mean ${meant}?`,
  });
}

/** `cantle topics pek` is read as `cantle topics list pek`, since a list is what is shown where nothing is said. */
function siblingMeant({ code }: Pick<CommanderError, "code">, { args, parent }: Command): string | undefined {
  const isDefault = code === "commander.excessArguments" && parent !== null && parent.parent !== null;
  return isDefault
    ? closest(
        args[0] ?? "",
        parent.commands.map((each) => each.name()),
      )
    : undefined;
}

/** A command that only has commands below it; its help has been shown. */
function unfinished(command: Command): CantleError {
  const names = command.commands.map((each) => `\`${pathOf(each)}\``);
  return new CantleError("USAGE", `\`${pathOf(command)}\` needs one more word`, {
    place: pathOf(command),
    help: `write ${names.join(" or ")}`,
  });
}

/** The words that lead to a command: `cantle contract export`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Commander speaks by throwing when it has shown help or the version too; those are no mistakes. */
export function isShown(error: unknown): error is CommanderError {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === "commander.helpDisplayed" || code === "commander.version";
}
