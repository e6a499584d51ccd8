/**
 * What is kept of a failed attempt, in words: what the handler threw and why, which is what whoever opens a dead letter came for. Those
 * who may read dead letters are the service itself and operators, who have the message and the log as well; a caller never sees it.
 */
import { type CantleError, causes } from "@cantle/core";

/** The text of a failure: of one that tells its callers nothing what was thrown, of every other its message, what does not fit, and its causes. */
export function failureText(error: CantleError): string {
  const because = causes(error);
  if (error.code === "INTERNAL" && because.length > 0) return joined(because);
  const misfits = Object.entries(error.errors ?? {}).map(([path, messages]) => `${path}: ${messages.join(", ")}`);
  const what = misfits.length === 0 ? error.message : `${error.message} (${misfits.join("; ")})`;
  return joined([what, ...because]);
}

/** Outermost first; an error that was only wrapped says the same twice. */
function joined(texts: readonly string[]): string {
  return texts.filter((text, at) => text !== "" && text !== texts[at - 1]).join(": ");
}
