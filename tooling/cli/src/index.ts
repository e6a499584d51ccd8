/** The command line as a function, for programs that are a command line of their own. */
export { runCli } from "./run-cli.ts";
export type { Terminal } from "./terminal.ts";
