/** Standings as a table for people. */
import type { Column, Contest, Standing } from "./contest.ts";
import { figureOf, judge, median, ratiosOf, type Verdict } from "./judge.ts";

/** The tables of a contest, one for each kind of work. */
export function printContest(contest: Contest, standings: readonly Standing[]): string {
  const notes = (contest.notes ?? []).map((note) => `  ${note}`);
  const tables = contest.works.map((work) => printWork(contest, work, standings));
  return [...tables, ...notes, ""].join("\n");
}

function printWork(contest: Contest, work: string, standings: readonly Standing[]): string {
  const columns = contest.columns(work);
  const verdicts = contest.targets
    .filter((target) => target.work === work)
    .map((target) => judge(target, standings, contest.counts));
  const ofWork = standings.filter((each) => each.work === work);
  const reference = ofWork.find(({ name }) => name === contest.reference);
  const head = ["contestant", "rounds", ...columns.map(({ title }) => title)];
  if (contest.reference !== undefined) head.push("ratio", "lowest to highest");
  const rows = ofWork.map((standing) => [
    standing.name,
    String(standing.rounds.length),
    ...columns.map((column) => figure(standing, column, contest.counts)),
    ...(contest.reference === undefined ? [] : ratio(standing, reference, columns[0]!.measure)),
    told(standing, verdicts, columns),
  ]);
  return `\n${contest.title}, ${work}\n${align([[...head, "target"], ...rows])}\n`;
}

function figure(standing: Standing, { measure, digits }: Column, counts: Contest["counts"]): string {
  return figureOf(standing, measure, counts)?.toFixed(digits) ?? "–";
}

function ratio(standing: Standing, reference: Standing | undefined, measure: string): string[] {
  const ratios = reference === undefined ? [] : ratiosOf(standing, reference, measure);
  if (ratios.length === 0) return ["–", "–"];
  return [median(ratios).toFixed(2), `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`];
}

/** A contestant's targets, or why it was not measured. */
function told({ name, error }: Standing, verdicts: readonly Verdict[], columns: readonly Column[]): string {
  if (error !== undefined) return `out: ${error.split("\n")[0]}`;
  return verdicts
    .filter(({ contestant }) => contestant === name)
    .map((verdict) => verdictText(verdict, columns))
    .join("; ");
}

function verdictText(verdict: Verdict, columns: readonly Column[]): string {
  const { to, measure, atMost, atLeast, stretch, figure, holds } = verdict;
  const column = columns.find((each) => each.measure === measure);
  const what = measure === columns[0]?.measure ? "" : ` (${column?.title ?? measure})`;
  const bound = atMost === undefined ? `≥ ${digits(atLeast!)}` : `≤ ${digits(atMost)}`;
  const asked = `${bound}${to === undefined ? "" : ` of ${to}`}${what}`;
  if (figure === undefined) return `${asked}: not measured`;
  const far = stretch !== undefined && figure <= stretch ? ", stretch too" : "";
  return `${asked}: ${holds ? `holds${far}` : "MISSED"}${what === "" && to !== undefined ? "" : ` at ${digits(figure)}`}`;
}

function digits(value: number): string {
  return Number(value.toFixed(value < 10 ? 2 : 0)).toString();
}

/** Columns as wide as their widest cell; the first and the last to the left, figures to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const last = widths.length - 1;
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : at === last ? cell : cell.padStart(widths[at]!)))
      .join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
