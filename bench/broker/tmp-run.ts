import { compete } from "../harness/contest.ts";
import { machine } from "../harness/machine.ts";
import { printContest } from "../harness/table.ts";

const { contests } = await import(process.argv[2]!);
const only = process.argv[3];
const rounds = Number(process.argv[4] ?? 3);
for (const c of await contests()) {
  if (only && !c.title.includes(only)) continue;
  console.log(machine());
  console.log(printContest(c, await compete(c, rounds, () => {})));
}
