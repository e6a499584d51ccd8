/** `cantle breakers`: what each instance thinks of the operations it calls, and steering that. */
import { CantleError, explainError } from "@cantle/core";
import { type Answered, type BreakerShown, becomeOperator, loadSystem, type Operator } from "@cantle/host";
import type { InstanceRow } from "@cantle/supervisor";
import { printError } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { meantOf } from "../meant.ts";
import { counted, printJson, printTable, spanText } from "../output.ts";
import { connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";
import { isPlatformService } from "../units.ts";

/** The options of `breakers`. */
export interface BreakersOptions {
  readonly system?: string;
  /** The platform's own operations too. */
  readonly all?: boolean;
  readonly json?: boolean;
}

/** One breaker of one instance. */
interface Row extends BreakerShown {
  readonly instance: string;
}

const actions = ["open", "close", "auto"] as const;
type Action = (typeof actions)[number];
const heading = ["INSTANCE", "CALLS", "STATE", "FAILED", "SLOW", "OF", "WHY"];

/** Runs it. An instance that does not answer is told on stderr, and the others are shown. */
export async function breakers(
  terminal: Terminal,
  options: BreakersOptions,
  ...[action, operation]: readonly (string | undefined)[]
): Promise<number> {
  const { file, folder, home } = findSystem(terminal, options.system);
  const steered = action === undefined ? undefined : actionOf(action, operation);
  const { instances } = await (await connectRunning(home)).state();
  const operator = await becomeOperator(await loadSystem(file), { folder, home, env: terminal.env });
  try {
    if (steered !== undefined) await steer(operator, instances, steered);
    const answers = await operator.ask(instances, (client) => client.breakers());
    const isMeant = ({ operation }: Row) =>
      steered === undefined ? options.all || !isOfPlatform(operation) : operation === steered.operation;
    const rows = rowsOf(answers).filter(isMeant);
    show(terminal, rows, options.json ?? false);
    return tellSilent(terminal, answers);
  } finally {
    await operator.stop();
  }
}

function isOfPlatform(operation: string): boolean {
  return isPlatformService(operation.split(".", 1)[0] as string);
}

interface Steered {
  readonly action: Action;
  readonly operation: string;
}

function actionOf(action: string, operation: string | undefined): Steered {
  const known = actions.find((each) => each === action);
  if (known === undefined)
    throw new CantleError("USAGE", `'${action}' is nothing that can be done with a breaker`, {
      help: meantOf(action, actions) ?? `it is one of ${actions.join(", ")}`,
    });
  if (operation === undefined)
    throw new CantleError("USAGE", "it is not said which breaker", { help: `write ${action} SERVICE.OPERATION` });
  return { action: known, operation };
}

/** Throws `OPERATION_UNKNOWN` where no instance has a breaker for it. */
async function steer(operator: Operator, rows: readonly InstanceRow[], { action, operation }: Steered): Promise<void> {
  const answers = await operator.ask(rows, (client) => client.steer({ operation, to: action }));
  if (answers.some((each) => each.kind === "failure" || each.answer.known)) return;
  const known = rowsOf(await operator.ask(rows, (client) => client.breakers())).map((row) => row.operation);
  throw new CantleError("OPERATION_UNKNOWN", `no instance has a breaker for '${operation}'`, {
    help: meantOf(operation, known) ?? "`cantle breakers` lists those that there are",
  });
}

function rowsOf(answers: readonly Answered<{ readonly breakers: readonly BreakerShown[] }>[]): Row[] {
  return answers.flatMap((each) =>
    each.kind === "answer" ? each.answer.breakers.map((breaker) => ({ instance: each.instance, ...breaker })) : [],
  );
}

function show(terminal: Terminal, rows: readonly Row[], asJson: boolean): void {
  if (asJson) printJson(terminal, { breakers: rows.map((row) => ({ ...row, openForMs: row.openForMs ?? null })) });
  else if (rows.length === 0) terminal.err("no instance calls anything that has a breaker");
  else printTable(terminal, heading, rows.map(cellsOf));
}

function cellsOf({ instance, operation, state, openForMs, calls, failures, slow, why }: Row): readonly string[] {
  const share = (count: number) => (calls === 0 ? "-" : `${Math.round((100 * count) / calls)}%`);
  const shown = openForMs === undefined ? state : `${state} (${spanText(openForMs)})`;
  return [instance, operation, shown, share(failures), share(slow), counted(calls, "call"), why || "-"];
}

function tellSilent(terminal: Terminal, answers: readonly Answered<unknown>[]): number {
  const silent = answers.flatMap((each) => (each.kind === "failure" ? [each] : []));
  for (const { instance, error } of silent) {
    terminal.err(`${instance} did not answer`);
    printError(terminal, explainError(error));
  }
  return silent.length === 0 ? 0 : 1;
}
