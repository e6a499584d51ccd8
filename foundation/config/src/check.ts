/** What can be wrong about several services together: names nobody has, variables that two paths would share. */
import { CantleError } from "@cantle/core";
import { closest } from "./closest.ts";
import { parseSet, type Reading } from "./layer.ts";
import { cameFrom, type Problems, report } from "./problems.ts";
import type { ConfigSources } from "./sources.ts";
import { isRecord } from "./tree.ts";

/** Sections of files and `--set` targets that name no service. Values are not quoted: they may be secret. */
export function checkNames(sources: ConfigSources, names: readonly string[], problems: Problems): void {
  const tell = (name: string, from: string) => {
    if (names.includes(name)) return;
    const near = closest(name, names);
    const meant = near === undefined ? `the services are ${names.join(", ")}` : `did you mean '${near}'?`;
    report(problems, name, `is not a service; ${meant} ${from}`);
  };
  for (const [source, file] of [["file", sources.file] as const, ["profile", sources.profile] as const]) {
    if (file === undefined || file.content === null || file.content === undefined) continue;
    const from = cameFrom({ source, from: file.from });
    if (!isRecord(file.content)) report(problems, file.from, "is not an object with a member for each service");
    else for (const name of Object.keys(file.content)) tell(name, from);
  }
  for (const [index, assignment] of (sources.set ?? []).entries()) {
    const parsed = parseSet(assignment);
    if (parsed === undefined)
      report(problems, `--set ${index + 1}`, "does not say what to set; write --set service.key=value");
    else tell(parsed.service, "(from --set)");
  }
}

/** Throws `SERVICE_INVALID` when one variable would set two paths: `a.bC` and `a-b.c` are both `A_B_C`. */
export function checkVariables(readings: readonly Reading[]): void {
  const paths = new Map<string, string>();
  for (const { service, fields } of readings) {
    for (const field of fields) {
      const path = [service, ...field.path].join(".");
      const other = paths.get(field.variable);
      if (other !== undefined) {
        throw new CantleError("SERVICE_INVALID", `the variable ${field.variable} would set both ${other} and ${path}`, {
          place: path,
          help: "rename one of them",
        });
      }
      paths.set(field.variable, path);
    }
  }
}
