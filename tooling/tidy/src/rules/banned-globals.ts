/** What only the rim may touch: the clock, chance, timers, the environment, the terminal. */
import type { Finding, Rule } from "../finding.ts";
import { isForTests } from "../reach.ts";
import { codeFiles } from "../repository.ts";
import { lineAt } from "../scan.ts";

interface Ban {
  readonly shape: RegExp;
  readonly what: string;
  readonly remedy: string;
}

const bans: readonly Ban[] = [
  { shape: own("Date\\.now\\b"), what: "Date.now", remedy: "take a Clock from @cantle/core and ask clock.wallMs()" },
  { shape: own("Date\\s*\\("), what: "Date()", remedy: "take a Clock, and make dates from clock.wallMs()" },
  { shape: /\bnew\s+Date\s*(\(\s*\)|;)/g, what: "new Date()", remedy: "take a Clock: new Date(clock.wallMs())" },
  { shape: own("performance\\.now\\b"), what: "performance.now", remedy: "take a Clock and ask clock.nowMs()" },
  {
    shape: own("setTimeout\\b"),
    what: "setTimeout",
    remedy: "take a Clock: clock.after(ms, task), or createDeadlines for many",
  },
  {
    shape: own("setInterval\\b"),
    what: "setInterval",
    remedy: "take a Clock and set the next clock.after when the last is done",
  },
  {
    shape: /\bAbortSignal\.timeout\b/g,
    what: "AbortSignal.timeout",
    remedy: "use the call's deadline: a timer for each call costs more than the call",
  },
  {
    shape: own("Math\\.random\\b"),
    what: "Math.random",
    remedy: "take a Random from @cantle/core and ask random.next()",
  },
  { shape: own("process\\.env\\b"), what: "process.env", remedy: "let the host read it and pass the value" },
  { shape: own("console\\."), what: "console", remedy: "take a Logger from @cantle/telemetry" },
  {
    shape: /\bthrow\s+new\s+Error\s*\(/g,
    what: "throw new Error",
    remedy: "throw a CantleError with a code of the table",
  },
];

/** Code where the outside world begins. */
const rim = [
  "foundation/core/src/clock.ts",
  "foundation/core/src/random.ts",
  "tooling/host/",
  "tooling/cli/",
  "tooling/tidy/",
  "bench/",
  "examples/",
];

/** Time, chance and the outside are arguments. */
export const bannedGlobals: Rule = {
  title: "only the rim reads the clock, chance, timers, the environment and the terminal",
  reason: "what comes in as an argument can be a virtual clock, a seed or a test's own value",
  check: (repository) =>
    codeFiles(repository)
      .filter(({ path }) => !isForTests(repository, path) && !rim.some((prefix) => path.startsWith(prefix)))
      .flatMap(({ path, text, scan, imports }) => [
        ...bans.flatMap(({ shape, what, remedy }) =>
          [...scan.code.matchAll(shape)]
            .filter((match) => what !== "Date()" || !/\bnew\s+$/.test(scan.code.slice(0, match.index)))
            .map((match): Finding => ({ place: `${path}:${lineAt(text, match.index)}`, what, remedy })),
        ),
        ...imports
          .filter(({ specifier }) => /^(node:)?timers(\/promises)?$/.test(specifier))
          .map(({ specifier, line }) => ({ place: `${path}:${line}`, what: specifier, remedy: "take a Clock" })),
      ]),
};

/** A global of this name, also through `globalThis`; a member of anything else is somebody else's. */
function own(name: string): RegExp {
  return new RegExp(`(?<![\\w$.])(?:globalThis\\.)?${name}`, "g");
}
