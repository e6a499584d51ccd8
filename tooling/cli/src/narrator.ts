/**
 * Tells on stderr what happens to instances while a system runs: failures whole and once, the rest in a line each.
 *
 * Errors come twice: as events, and in the rows of the instances (of a system in one process only there). An instance that
 * fails the same way again and again is told once.
 */
import { plain } from "@cantle/core";
import type { InstanceEvent, InstanceRow, KeepingEvent, SupervisorEvent, UnitEvent } from "@cantle/supervisor";
import { printError } from "./failure.ts";
import { spanText } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** Tells of one system. */
export interface Narrator {
  readonly onEvent: (event: SupervisorEvent) => void;
  /** Tells the errors of rows that nobody has heard yet. */
  tellErrors(rows: readonly InstanceRow[]): void;
}

/** A narrator at a terminal. `patient`: somebody is editing, and a failure waits for that. */
export function createNarrator(terminal: Terminal, patient: boolean): Narrator {
  const { err, paintErr } = terminal;
  /** The last error that was told of each instance. */
  const told = new Map<string, string>();
  const say = (line: string) => err(paintErr("dim", line));

  function tell(instance: string, text: string): void {
    told.set(instance, text);
    printError(terminal, text);
  }

  return {
    onEvent(event) {
      if (!("unit" in event)) return say(keptLine(event));
      if (!("instance" in event)) return say(decided(event));
      const { instance } = event;
      switch (event.kind) {
        case "ready":
          told.delete(instance);
          return say(`${instance} is ready (${spanText(event.afterMs)})`);
        case "adopted":
          return say(`${instance} (pid ${event.pid}) was running already, and is taken over`);
        case "unenforced":
          return say(unenforcedLine(event));
        case "failed":
          if (told.get(instance) === event.error.text) return;
          tell(instance, event.error.text);
          return say(patient ? `${instance} waits for an edit` : failedLine(event));
        case "replacement-failed":
          tell(instance, event.error.text);
          return say(`the new ${instance} did not become ready; the one before it goes on`);
        case "killed":
          return say(`${instance} did not end in time and was killed`);
        case "leftover-stopped":
          return say(`${instance} (pid ${event.pid}) was left behind by an earlier run, and has been ended`);
        default:
          return;
      }
    },
    tellErrors(rows) {
      for (const { instance, state, lastError } of rows) {
        if (state === "ready" || lastError === null || told.get(instance) === lastError.text) continue;
        tell(instance, lastError.text);
        say(`${plain(instance)} does not run`);
      }
    },
  };
}

function decided(event: UnitEvent): string {
  const { unit } = event;
  return event.kind === "rollout" ? `${unit}: ${event.text}` : `${unit} scaled: ${event.reason}`;
}

function keptLine(event: KeepingEvent): string {
  return event.kind === "written"
    ? "what runs is written down again"
    : `what runs cannot be written down, and goes on: ${plain(event.why)}; should this program be killed meanwhile, what was started last is not found again`;
}

function unenforcedLine({ resource, enforcement, why }: InstanceEvent & { kind: "unenforced" }): string {
  const how =
    enforcement === "heap only" ? "limits of memory hold for the heap only" : `limits of ${resource} do not hold`;
  return `${how} here: ${plain(why)}`;
}

function failedLine({ instance, retryInMs }: InstanceEvent & { kind: "failed" }): string {
  return retryInMs === null ? `${instance} does not run` : `${instance} is started again, at growing intervals`;
}
