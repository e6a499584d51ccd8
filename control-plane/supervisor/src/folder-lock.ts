/**
 * One supervisor to a folder.
 *
 * A lock that its dead holder left behind must be taken away, and two who do that at once can take away each other's.
 * So nobody takes anything away: each writes a claim named after itself (pid, start, boot), then looks at all claims.
 * 1. A claim of a dead process counts for nothing, and since its name can never be claimed again, anybody may delete it.
 * 2. Whoever sees another living claim withdraws its own. Of two at once at least one sees the other: never two holders.
 * 3. Both may have withdrawn; each tries again after a random moment, unless the other one holds by then.
 */
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CantleError, type Clock, delay, type Random } from "@cantle/core";
import { whileHeld } from "./patience.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** How often a claim is made before a tie counts as lost. */
const attemptsMax = 20;
/** The bound of the random wait between two claims. */
const tieMs = 40;

/** A folder that is ours. */
export interface FolderLock {
  release(): void;
}

/** Claims the run folder for this process. Throws `ALREADY_RUNNING` when a living process has it. */
export async function lockFolder(
  run: string,
  { clock, random }: { clock: Clock; random: Random },
): Promise<FolderLock> {
  const own = identify(process.pid);
  if (own === undefined)
    throw new CantleError("INTERNAL", "this process cannot be told from others that had its number");
  return whileHeld(async () => {
    for (let attempt = 1; ; attempt++) {
      const holder = claim(run, own);
      if (holder === undefined) break;
      if (holder.holds || attempt === attemptsMax) throw alreadyRunning(run, holder.identity.pid);
      await delay(clock, random.next() * tieMs);
    }
    held.add(run);
    return {
      release: () => {
        held.delete(run);
        rmSync(join(run, fileOf({ identity: own, holds: true })), { force: true });
      },
    };
  });
}

interface Claim {
  readonly identity: ProcessIdentity;
  /** False while its maker is still looking around. */
  readonly holds: boolean;
}

/** What this process holds itself; its own name on a claim would not tell two of its supervisors apart. */
const held = new Set<string>();

/** Undefined when the folder is ours now, else who is in the way. */
function claim(run: string, own: ProcessIdentity): Claim | undefined {
  if (held.has(run)) return { identity: own, holds: true };
  const claimed = join(run, fileOf({ identity: own, holds: false }));
  writeFileSync(claimed, "", { mode: 0o600 });
  const others = livingClaims(run).filter((other) => other.identity.pid !== own.pid);
  const other = others.find((candidate) => candidate.holds) ?? others[0];
  if (other === undefined) renameSync(claimed, join(run, fileOf({ identity: own, holds: true })));
  else rmSync(claimed, { force: true });
  return other;
}

function livingClaims(run: string): readonly Claim[] {
  const claims: Claim[] = [];
  for (const file of list(run)) {
    const found = claimOf(file);
    if (found === undefined) continue;
    if (isAlive(found.identity)) claims.push(found);
    else rmSync(join(run, file), { force: true });
  }
  return claims;
}

function list(run: string): readonly string[] {
  try {
    return readdirSync(run);
  } catch {
    return [];
  }
}

function fileOf({ identity, holds }: Claim): string {
  return `${identity.pid}+${identity.start}+${identity.boot}.${holds ? "lock" : "claim"}`;
}

function claimOf(file: string): Claim | undefined {
  const match = /^(\d+)\+([^+]*)\+([^+]*)\.(lock|claim)$/.exec(file);
  if (match === null) return undefined;
  const [, pid, start = "", boot = "", kind] = match;
  return { identity: { pid: Number(pid), start, boot }, holds: kind === "lock" };
}

function alreadyRunning(run: string, pid: number): CantleError {
  return new CantleError("ALREADY_RUNNING", `the system already runs from this folder, as process ${pid}`, {
    place: run,
    help: "stop it with `cantle stop`, or look at it with `cantle ps`",
  });
}
