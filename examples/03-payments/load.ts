/**
 * `npm run load`: starts the system on a free port of this host, puts it under little, much and little load, and tells every second
 * who is there. About two minutes; `--per-second LOW,HIGH` and `--seconds LOW,HIGH,LOW` change that.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as moment } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type RunningSystem, startSystem } from "@cantle/host";
import { type Counts, courseOf, turnsOf, units } from "./load/course.ts";
import { startTraffic, type Traffic } from "./load/traffic.ts";

interface Step {
  readonly name: "low" | "high";
  readonly perSecond: number;
  readonly seconds: number;
}

/** What happened in one second. */
interface Second {
  readonly step: Step;
  readonly counts: Counts;
  readonly answered: number;
  readonly failures: readonly string[];
}

const perSecondMax = 2_000;
const secondsMax = 600;

const steps = readSteps();
const home = await mkdtemp(join(tmpdir(), "cantle-payments-"));
const broken = new AbortController();
process.once("SIGINT", () => broken.abort()).once("SIGTERM", () => broken.abort());
try {
  const system = await startSystem({
    file: join(import.meta.dirname, "system.ts"),
    port: 0,
    env: { ...process.env, CANTLE_HOME: home, LOG_LEVEL: "error" },
    signal: broken.signal,
    onEvent(event) {
      if (event.kind === "scaled") say(`     ${event.unit} ${event.reason}`);
    },
  });
  try {
    process.exitCode = summary(await load(system));
  } finally {
    await system.stop();
  }
} finally {
  await rm(home, { recursive: true, force: true });
}

/** Puts the steps on the system, one after the other. */
async function load(system: RunningSystem): Promise<readonly Second[]> {
  const traffic = startTraffic(system.addresses.gateway);
  const records: Second[] = [];
  say("   s  load  asked/s  answered  failed    p95 ms  inquiry  payment  settlement");
  try {
    for (const step of steps) {
      traffic.perSecond = step.perSecond;
      for (let second = 0; second < step.seconds && !broken.signal.aborted; second++)
        records.push(await oneSecond(system, traffic, { step, at: records.length + 1 }));
    }
  } finally {
    await traffic.stop();
  }
  return records;
}

async function oneSecond(
  system: RunningSystem,
  traffic: Traffic,
  { step, at }: { readonly step: Step; readonly at: number },
): Promise<Second> {
  await moment(1_000);
  const { answered, failures, p95Ms } = traffic.take();
  const counts = countsOf(system);
  const figures = [
    pad(at, 4),
    step.name.padStart(5),
    pad(step.perSecond, 8),
    pad(answered, 9),
    pad(failures.length, 7),
    pad(Math.round(p95Ms), 9),
    pad(counts.inquiry, 8),
    pad(counts.payment, 8),
    pad(counts.settlement, 11),
  ];
  say(figures.join(" "));
  return { step, counts, answered, failures };
}

/** Says what became of each unit. Answers with the exit code: 1 where a request failed or the wrong unit changed. */
function summary(records: readonly Second[]): number {
  say("");
  for (const unit of units) {
    const counts = records.map((record) => record.counts[unit]);
    const turns = turnsOf(counts);
    say(
      `${unit.padEnd(11)} ${courseOf(counts).join(" → ")}${turns > 0 ? `, ${turns} turn${turns > 1 ? "s" : ""}` : ""}`,
    );
  }
  const failures = records.flatMap((record) => record.failures);
  const answered = records.reduce((sum, record) => sum + record.answered, 0);
  say(`requests    ${answered} answered, ${failures.length} failed`);
  for (const failure of new Set(failures.slice(0, 5))) say(`            ${failure}`);
  const stayed = records.every(({ counts }) => counts.payment === 1 && counts.settlement === 1);
  const turned = turnsOf(records.map(({ counts }) => counts.inquiry));
  return failures.length === 0 && stayed && turned <= 1 ? 0 : 1;
}

function countsOf(system: RunningSystem): Counts {
  const ready = system.list().filter(({ state }) => state === "ready");
  const count = (unit: string) => ready.filter((row) => row.unit === unit).length;
  return { inquiry: count("inquiry"), payment: count("payment"), settlement: count("settlement") };
}

function readSteps(): readonly Step[] {
  const { values } = parseArgs({
    options: {
      "per-second": { type: "string", default: "20,500" },
      seconds: { type: "string", default: "10,40,70" },
    },
  });
  const [low = 0, high = 0] = numbersOf(values["per-second"], perSecondMax);
  const [first = 0, second = 0, third = 0] = numbersOf(values.seconds, secondsMax);
  return [
    { name: "low", perSecond: low, seconds: first },
    { name: "high", perSecond: high, seconds: second },
    { name: "low", perSecond: low, seconds: third },
  ];
}

function numbersOf(text: string, max: number): readonly number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0 && number <= max)) return numbers;
  process.stderr.write(`'${text}' should be whole numbers from 1 to ${max}, with commas between\n`);
  process.exit(2);
}

function pad(figure: number, width: number): string {
  return String(figure).padStart(width);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
