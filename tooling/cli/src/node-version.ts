/** Which Node.js can run the program. The launcher knows it too, in a form that an old Node.js can read. */
import { CantleError } from "@cantle/core";

/** What is needed, as `engines` says it. */
export const wantedNode = "^24.11 || >=26";

/** True for the versions in `wantedNode`. */
export function canRun(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return (major === 24 && minor >= 11) || major >= 26;
}

/** Throws `NODE_TOO_OLD` for any other. */
export function checkNode(version: string): void {
  if (canRun(version)) return;
  throw new CantleError("NODE_TOO_OLD", `this is Node.js ${version}, and Cantle needs ${wantedNode}`, {
    help: "install Node.js 24, or start through npm, which brings it along",
  });
}
