/**
 * What ends attached instances when their supervisor cannot: a shell of a few lines, in a session of its own, that reads
 * the process groups to mind from a pipe. The kernel closes that pipe when the supervisor ends, however it ended; then
 * the shell ends every group it still minds.
 *
 * Why not a thread in each instance: a thread is of no use in a program of another language, in a stopped process, or for
 * the children an instance leaves; and N threads cost more than one shell (under 2 MB, one for all).
 *
 * Invariants: 1. a group is minded before its instance is told anything; 2. a group whose leader's number belongs to
 * another process by now is not touched (a group that lost its leader keeps the number taken).
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { ProcessIdentity } from "./process-identity.ts";

/** What instances have between the first signal and the last, seconds. */
const graceSeconds = 1;
/** How often a warden that was killed is replaced. */
const startsMax = 8;

/** Minds process groups. */
export interface Warden {
  mind(identity: ProcessIdentity): void;
  forget(identity: ProcessIdentity): void;
  /** Leaves; nothing is ended. */
  dismiss(): void;
}

const script = `
trap '' HUP INT TERM
minded=
while read -r verb group start; do
  case $verb in
    mind) minded="$minded $group:$start" ;;
    forget) kept=; for each in $minded; do [ "$each" = "$group:$start" ] || kept="$kept $each"; done; minded=$kept ;;
    dismiss) exit 0 ;;
  esac
done
end() {
  for each in $minded; do
    group=\${each%%:*}
    if [ -r "/proc/$group/stat" ]; then
      read -r stat <"/proc/$group/stat" || continue
      set -- "$1" \${stat##*)}
      [ "\${21}" = "\${each#*:}" ] || continue
    fi
    kill -s "$1" -- "-$group"
  done
}
[ -n "$minded" ] || exit 0
end TERM
sleep ${graceSeconds}
end KILL
`;

/** Starts one. `env` is where it finds `sleep`. */
export function createWarden(env: NodeJS.ProcessEnv): Warden {
  const minded = new Map<string, ProcessIdentity>();
  let dismissed = false;
  let starts = 0;
  let shell = start();

  function start(): ChildProcess {
    starts++;
    const child = spawn("/bin/sh", ["-c", script, "cantle-warden"], {
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin?.on("error", () => {});
    // Without a shell on this machine instances still end by their own channel, unless they are blocked.
    child.on("error", () => {});
    child.on("exit", replace);
    child.unref();
    for (const identity of minded.values()) tell(child, "mind", identity);
    return child;
  }

  function replace(): void {
    if (!dismissed && starts < startsMax) shell = start();
  }

  return {
    mind(identity) {
      minded.set(keyOf(identity), identity);
      tell(shell, "mind", identity);
    },
    forget(identity) {
      minded.delete(keyOf(identity));
      tell(shell, "forget", identity);
    },
    dismiss() {
      dismissed = true;
      shell.stdin?.end("dismiss\n");
    },
  };
}

/** For instances that outlive their supervisor. */
export const noWarden: Warden = { mind: () => {}, forget: () => {}, dismiss: () => {} };

function tell(shell: ChildProcess, verb: "mind" | "forget", identity: ProcessIdentity): void {
  shell.stdin?.write(`${verb} ${identity.pid} ${identity.start}\n`);
}

function keyOf({ pid, start }: ProcessIdentity): string {
  return `${pid}:${start}`;
}
