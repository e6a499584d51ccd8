/**
 * Ends a program's process group when this process cannot, where no supervisor minds it: a shell that waits on a pipe. The
 * kernel closes that pipe when this process (or the thread that holds it) ends, however it ended.
 */
import { spawn } from "node:child_process";

const script = `
trap '' HUP INT TERM
read -r word && exit 0
kill -s TERM -- "-$1"
sleep 1
kill -s KILL -- "-$1"
`;

/** Guards the group that `pid` leads, until the returned function is called. `env` is where the shell finds `sleep`. */
export function guardGroup(pid: number, env: NodeJS.ProcessEnv): () => void {
  const shell = spawn("/bin/sh", ["-c", script, "cantle-guard", String(pid)], {
    cwd: "/",
    env,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell on this machine the program still ends whenever this process ends by itself.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  return () => void shell.stdin.end("done\n");
}
