/**
 * `npm run bench -- CONTESTS [--only TEXT] [--rounds N] [--json]`: Cantle beside its peers, in turns, in one run.
 *
 * What a name runs is in `NAME/contests.ts`. The peers are no part of the workspace; they are installed here, in this folder, by the first
 * run, and whenever the lock file changed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Contest, compete, type Standing } from "./harness/contest.ts";
import { figureOf, judge, type Verdict } from "./harness/judge.ts";
import { type Machine, machine } from "./harness/machine.ts";
import { printContest } from "./harness/table.ts";

const names = [
  "start",
  "local",
  "remote",
  "gateway",
  "service",
  "faults",
  "scale",
  "overload",
  "policies",
  "broker",
  "durability",
] as const;
const usage = `usage: npm run bench -- ${names.join("|")} ... [--only TEXT] [--rounds N] [--json]\n`;
const here = import.meta.dirname;

const { values, positionals } = readArguments();
installPeers();
const reports = [];
for (const name of positionals) {
  const { contests } = (await import(`./${name}/contests.ts`)) as { contests(): Promise<readonly Contest[]> };
  for (const contest of (await contests()).filter(({ title }) => title.includes(values.only)))
    reports.push(await hold(contest));
}
if (values.json) process.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`);

/** Holds a contest and prints it, unless everything is printed as JSON at the end. */
async function hold(contest: Contest) {
  const before = machine();
  const standings = await compete(contest, values.rounds ?? contest.rounds, say);
  if (!values.json) process.stdout.write(`${machineLine(before)}${printContest(contest, standings)}`);
  const { title, reference, notes } = contest;
  return {
    title,
    reference,
    notes,
    machine: before,
    standings: standings.map((standing) => summary(standing, contest)),
    targets: verdicts(contest, standings),
  };
}

function verdicts({ targets, counts }: Contest, standings: readonly Standing[]): Verdict[] {
  return targets.map((target) => judge(target, standings, counts));
}

function summary(standing: Standing, { counts = "median" }: Contest) {
  const measures = Object.keys(standing.rounds[0] ?? {});
  return {
    ...standing,
    counts,
    figures: Object.fromEntries(measures.map((measure) => [measure, figureOf(standing, measure, counts)])),
  };
}

function machineLine({ processor, cores, node, load1m }: Machine): string {
  const busy = load1m > cores / 2 ? ", which is busy: trust ratios, not figures" : "";
  return `\n${processor}, ${cores} cores, Node.js ${node}, load ${load1m.toFixed(1)} at the start${busy}\n`;
}

function say(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
}

function readArguments() {
  const options = {
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    json: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const unknown = positionals.find((each) => !(names as readonly string[]).includes(each));
  if (positionals.length === 0 || unknown !== undefined || (rounds !== undefined && !(rounds >= 1))) {
    process.stderr.write(usage);
    process.exit(2);
  }
  if (!existsSync("/proc/self/stat")) {
    process.stderr.write("the bench reads processor time from /proc: it needs Linux\n");
    process.exit(5);
  }
  return { values: { ...values, rounds }, positionals };
}

function installPeers(): void {
  const read = (path: string) =>
    existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Lock) : { packages: {} };
  const wanted = Object.keys(read(join(here, "package-lock.json")).packages).length;
  // npm leaves a copy of the lock file behind, without the entry of the root.
  if (Object.keys(read(join(here, "node_modules/.package-lock.json")).packages).length >= wanted - 1) return;
  process.stderr.write("installing the peers into bench/node_modules\n");
  const args = ["ci", "--prefix", here, "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(5);
}

interface Lock {
  readonly packages: Readonly<Record<string, unknown>>;
}
