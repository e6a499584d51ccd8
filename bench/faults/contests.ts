/** What faults cost those who call: each is done to real processes, under load. */
import type { Contest } from "../harness/contest.ts";
import { blog } from "./blog.ts";
import { killed } from "./killed.ts";
import { leftAlone } from "./left-alone.ts";
import { rolling } from "./rolling.ts";
import { slow } from "./slow.ts";
import { spinning } from "./spinning.ts";
import { stopped } from "./stopped.ts";
import { failingTiers } from "./tiers.ts";

/** The contests. */
export async function contests(): Promise<Contest[]> {
  return [...killed(), rolling(), leftAlone(), stopped(), slow(), spinning(), failingTiers(), ...blog()];
}
