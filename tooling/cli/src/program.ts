/**
 * The command line on one page: every command, its options and its help. What a command does is in a file of its own under
 * `commands/`, imported when it is run, so that help and mistakes cost nothing of it.
 */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { type Act, options } from "./command-options.ts";
import { addMessages } from "./message-commands.ts";
import type { Terminal } from "./terminal.ts";

/** What a program is made with. */
export interface ProgramSetting {
  readonly terminal: Terminal;
  /** Called with the exit code of the command that ran. */
  readonly finish: (exitCode: number) => void;
}

/** The program, ready to parse. */
export function createProgram({ terminal, finish }: ProgramSetting): Command {
  const act: Act =
    (load) =>
    async (...given) =>
      finish(await (await load())(terminal, given.at(-2), ...given.slice(0, -2)));
  const program = new Command("cantle")
    .description("Build, run and operate microservices in TypeScript.")
    .version(versionOfPackage(), "-V, --version", "prints the version")
    .helpOption("-h, --help", "shows help, also of a command: cantle ps --help")
    .helpCommand(false)
    .addHelpText("after", "\nBegin with `cantle dev` in a folder with a system.ts.");
  addRun(program.commandsGroup("Run:"), act);
  addRelease(program.commandsGroup("Release:"), act);
  addLook(program.commandsGroup("Look:"), act);
  addUse(program.commandsGroup("Use:"), act);
  addMessages(program.commandsGroup("Messages:"), act);
  addMend(program.commandsGroup("Mend:"), act);
  return program;
}

function addRun(program: Command, act: Act): void {
  addStarting(program.command("dev"))
    .summary("run the system here, restart what is edited")
    .description(
      "Runs the system, shows what it writes, and restarts the units whose sources are edited. Ctrl-C drains, twice kills.",
    )
    .action(act(async () => (await import("./commands/dev.ts")).dev));
  addStarting(program.command("start"))
    .summary("run the system, here or in the background")
    .description("Runs the system until Ctrl-C or SIGTERM, which drain; a second one kills.")
    .option("--background", "leaves it running when it is ready; `cantle stop` ends it")
    .action(act(async () => (await import("./commands/start.ts")).start));
  program
    .command("stop")
    .summary("drain the running system")
    .description(
      "Stops the system that runs from this folder: calls in flight are finished. Ends what a killed system left behind.",
    )
    .addOption(options.system())
    .addOption(options.json("prints the stopped instances as JSON"))
    .action(act(async () => (await import("./commands/stop.ts")).stop));
  program
    .command("run")
    .summary("run a one-off task of a service")
    .description("Runs a task of a service once, in a process of its own, on the system's configuration and data.")
    .argument("<service.task>", "what to run, for example accounts.backfill")
    .addOption(options.system())
    .addOption(options.set())
    .addOption(options.profile())
    .addOption(options.json("prints the answer in one line"))
    .action(act(async () => (await import("./commands/run.ts")).run));
  program
    .command("restart")
    .summary("start units again, one instance after the other")
    .description("Starts units again, one instance after the other; a new one is ready before the old one leaves.")
    .argument("[units...]", "the units; default: all but the platform's own")
    .addOption(options.system())
    .addOption(options.json("prints the restarted instances as JSON"))
    .action(act(async () => (await import("./commands/restart.ts")).restart));
}

function addRelease(program: Command, act: Act): void {
  program
    .command("scale")
    .summary("how many instances units have, and why")
    .description("Shows how many instances each unit has, what scales it, and its last changes; or chooses how many.")
    .argument("[unit]", "only this unit")
    .argument("[to]", "how many instances it shall have from now on; auto: as its load says")
    .addOption(options.system())
    .addOption(options.json("prints them as JSON"))
    .action(act(async () => (await import("./commands/scale.ts")).scale));
  program
    .command("rollout")
    .summary("a new release of a unit in place of the old one")
    .description(
      "Starts instances of what is on the disk now beside those that run, and puts them in their place; or shows and steers that.",
    )
    .argument(
      "[action]",
      "start; status: how it stands; promote: skip the waiting; abort: back to the old release; default: status",
    )
    .argument("[unit]", "which unit; needed for all but status")
    .addOption(options.system())
    .addOption(
      new Option(
        "--strategy <name>",
        "one instance after the other, all at once, or a share first; default: rolling",
      ).choices(["rolling", "blue-green", "canary"]),
    )
    .addOption(
      new Option("--steps <shares>", "of a canary: shares of the calls, %; default: 5,25,50").argParser(sharesOption),
    )
    .addOption(
      new Option("--step-ms <ms>", "of a canary: when a step is judged by few calls; default: 60000").argParser(
        numberOption,
      ),
    )
    .addOption(
      new Option("--calls-min <count>", "of a canary: how many calls are enough for a step; default: 300").argParser(
        numberOption,
      ),
    )
    .addOption(
      new Option("--warm-up-ms <ms>", "of a canary: what a step leaves out; default: 3000").argParser(numberOption),
    )
    .addOption(
      new Option(
        "--keep-ms <ms>",
        "of blue-green: how long the old ones stay, and the new ones are judged; default: 60000",
      ).argParser(numberOption),
    )
    .addOption(
      new Option("--timeout-ms <ms>", "when it is given up and rolled back; default: 3600000").argParser(numberOption),
    )
    .option("-w, --watch", "tells each decision, until the rollout has ended; exit code 1 when it was rolled back")
    .addOption(options.json("prints how it stands as JSON"))
    .action(act(async () => (await import("./commands/rollout.ts")).rollout));
}

/** What `dev` and `start` have in common. */
function addStarting(command: Command): Command {
  return command
    .argument("[system]", "the file that exports the system, or its folder")
    .addOption(options.system())
    .addOption(options.units())
    .addOption(options.port())
    .addOption(options.host())
    .addOption(options.set())
    .addOption(options.profile())
    .addOption(options.readyFile())
    .addOption(options.json("prints what is ready as a line of JSON"));
}

function addLook(program: Command, act: Act): void {
  program
    .command("ps")
    .summary("what runs")
    .description("Lists the instances of the running system.")
    .addOption(options.system())
    .addOption(options.json("prints units and their instances as JSON"))
    .action(act(async () => (await import("./commands/ps.ts")).ps));
  program
    .command("logs")
    .summary("what instances wrote")
    .description("Prints the last lines that instances wrote, and with --follow those to come.")
    .argument("[unit]", "only of this unit")
    .addOption(options.system())
    .option("-f, --follow", "goes on until Ctrl-C")
    .addOption(options.json("prints a JSON object for each line"))
    .action(act(async () => (await import("./commands/logs.ts")).logs));
  program
    .command("services")
    .summary("services, operations and who may call them")
    .description("Lists the services of the system, their operations, events and queues, and the unit each runs in.")
    .addOption(options.system())
    .addOption(options.units())
    .addOption(options.json("prints them as JSON"))
    .action(act(async () => (await import("./commands/services.ts")).services));
  program
    .command("config")
    .summary("configuration, and where each value came from")
    .description("Prints every effective configuration value and where it came from. Secrets are masked.")
    .addOption(options.system())
    .addOption(options.set())
    .addOption(options.profile())
    .addOption(options.json("prints them as JSON"))
    .action(act(async () => (await import("./commands/config.ts")).config));
}

function addUse(program: Command, act: Act): void {
  program
    .command("breakers")
    .summary("which operations are called, and steer that")
    .description(
      "Shows the breakers of every instance: which operations it calls, how that goes. Opens or closes them.",
    )
    .argument("[action]", "open: let no call through; close: let all through; auto: let it decide again")
    .argument("[operation]", "whose breakers, for example accounts.read; in every instance that calls it")
    .addOption(options.system())
    .option("--all", "those of the platform's own operations too")
    .addOption(options.json("prints them as JSON"))
    .action(act(async () => (await import("./commands/breakers.ts")).breakers));
  program
    .command("call")
    .summary("call an operation through the gateway")
    .description("Calls an operation of the running system through its gateway and prints the output.")
    .argument("<service.operation>", "what to call, for example accounts.read")
    .addOption(options.system())
    .option("-d, --data <json>", "the input as JSON; @FILE reads a file, - reads stdin")
    .option("--upload <file>", "the bytes of an upload")
    .option("--type <type>", "the media type of the upload")
    .option("--token <token>", "who calls: the token to present")
    .option("--idempotency-key <key>", "the same key and input are the same call")
    .option("--gateway <url>", "another gateway than that of the running system")
    .addOption(options.json("prints the output in one line"))
    .action(act(async () => (await import("./commands/call.ts")).call));
  const contract = program
    .command("contract")
    .summary("export and check contracts")
    .description("Exports and checks the contracts of the system.")
    .helpCommand(false);
  contract
    .command("export")
    .summary("contracts as JSON Schema, OpenAPI or AsyncAPI")
    .description(
      "Prints the contract of a service, or of all, as JSON with JSON Schemas, or as an OpenAPI or AsyncAPI document.",
    )
    .argument("[service]", "only this service")
    .addOption(options.system())
    .addOption(new Option("--openapi", "an OpenAPI 3.1 document of what the gateway shows").conflicts("asyncapi"))
    .option("--asyncapi", "an AsyncAPI 3.0 document of events and queues")
    .option("--out <file>", "writes it to a file")
    .action(act(async () => (await import("./commands/contract-export.ts")).contractExport));
  addCheck(contract, act);
}

function addMend(program: Command, act: Act): void {
  addCheck(program, act);
  program
    .command("doctor")
    .summary("whether this machine can run a system")
    .description("Looks at Node.js, the folder, the disk, the clock, SQLite, leftover processes and the port.")
    .addOption(options.system())
    .addOption(options.port())
    .addOption(options.json("prints the checks as JSON"))
    .action(act(async () => (await import("./commands/doctor.ts")).doctor));
  program
    .command("explain")
    .summary("what an error code means")
    .description("Explains an error code: its meaning, usual causes, and what to do. Without a code it lists them all.")
    .argument("[code]", "for example PORT_BUSY")
    .addOption(options.json("prints what the table says as JSON"))
    .action(act(async () => (await import("./commands/explain.ts")).explain));
}

/** `check`, and the same under `contract`, where people look for it too. */
function addCheck(parent: Command, act: Act): void {
  parent
    .command("check")
    .summary("find every mistake before anything runs")
    .description(
      "Loads every service and checks placements, configuration, uses, versions and routes. Prints all mistakes at once.",
    )
    .addOption(options.system())
    .addOption(options.set())
    .addOption(options.profile())
    .addOption(options.json("prints them as JSON"))
    .action(act(async () => (await import("./commands/check.ts")).check));
}

function numberOption(text: string): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new InvalidArgumentError("It is a whole number.");
  return number;
}

function sharesOption(text: string): readonly number[] {
  const shares = text.split(",").map(Number);
  const isGrowing = shares.every((share, at) => share > (shares[at - 1] ?? 0) && share < 100);
  if (!isGrowing) throw new InvalidArgumentError("They are numbers between 0 and 100, growing: 5,25,50.");
  return shares;
}

/** `package.json` is beside `src`, and beside `dist` where it is installed. */
function versionOfPackage(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
