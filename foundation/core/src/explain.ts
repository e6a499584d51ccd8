/** Errors as text for a person at a terminal, in the manner of rustc: code, place, cause, help. */
import { isCantleError } from "./error.ts";

/**
 * The whole chain of an error, one cause a line. Control characters are shown as `\xNN`, so that nothing that came from
 * outside can steer a terminal or forge a second log line.
 *
 * ```text
 * error[PORT_BUSY]: the gateway cannot listen on 127.0.0.1:8080
 *   --> gateway.port
 *   cause: listen EADDRINUSE: address already in use 127.0.0.1:8080
 *   help: stop the other program, or choose a port with --port
 * ```
 */
export function explainError(error: unknown): string {
  const known = isCantleError(error) ? error : undefined;
  const lines = [`error${known ? `[${known.code}]` : ""}: ${plain(messageOf(error))}`];
  if (known?.place !== undefined) lines.push(`  --> ${plain(known.place)}`);
  for (const [path, messages] of Object.entries(known?.errors ?? {}))
    lines.push(`  ${plain(path)}: ${plain(messages.join("; "))}`);
  if (known?.notes !== undefined) lines.push(`  note: ${plain(known.notes)}`);
  for (const cause of causes(error)) lines.push(`  cause: ${plain(cause)}`);
  if (known?.help !== undefined) lines.push(`  help: ${plain(known.help)}`);
  return lines.join("\n");
}

/** The messages of an error's causes, outermost first, the parts of an AggregateError among them; at most `causesMax` = 8, cycles end. */
export function causes(error: unknown, causesMax = 8): string[] {
  const messages: string[] = [];
  const pending = causesOf(error);
  for (let cause = pending.shift(); cause !== undefined && messages.length < causesMax; cause = pending.shift()) {
    messages.push(messageOf(cause));
    pending.unshift(...causesOf(cause));
  }
  return messages;
}

function causesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  const parts: unknown[] = error instanceof AggregateError ? error.errors : [];
  return error.cause === undefined ? [...parts] : [...parts, error.cause];
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  // An object without a prototype has no text of its own.
  return typeof thrown === "object" && thrown !== null ? Object.prototype.toString.call(thrown) : String(thrown);
}

/** Text with its control characters made visible; newlines too. */
export function plain(text: string): string {
  return text.replace(control, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/g;
