/**
 * Problems as the Conduit API wants them: `{ "errors": { "body": ["title: is empty"] } }`. The `code` stays beside it, so
 * that a program can tell one refusal from another without reading sentences.
 */
import type { CantleError } from "@cantle/core";

/** What is needed of a problem (RFC 9457) as the gateway would send it. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
}

/** Shapes a problem of the gateway for the Conduit API; the `problem` hook of `system.ts`. */
export function shapeProblem(problem: Problem, error: CantleError) {
  return { status: problem.status, body: { errors: { body: sentences(problem, error) }, code: problem.code } };
}

/** One sentence for each thing that is wrong with the input, or the one that says what else is wrong. */
function sentences(problem: Problem, { errors = {} }: CantleError): string[] {
  const found = Object.entries(errors).flatMap(([path, messages]) =>
    messages.map((message) => (path === "" ? message : `${path}: ${message}`)),
  );
  return found.length > 0 ? found : [problem.detail ?? problem.title];
}
