/**
 * What a unit is not told, though the system is: variables and `--set` keys of services that it does not run. Configuration, secrets and
 * URLs of a service are named after it (`ACCOUNTS_DATABASE_URL`), so a unit has those of its own services, and what is nobody's.
 *
 * 1. A name can be two services' (`ORDER_ARCHIVE_KEY` of `order` and of `order-archive`): a unit that runs either has it.
 * 2. What programs everywhere read (`NODE_…`, `HTTP_…`) is nobody's, even where a service is called so.
 *
 * So a dump, a log of the environment or a child process shows no other service's secrets. It is no wall: all units run as one user.
 */
import { parseSet, variableOf } from "@cantle/config";

/** Who is to be told, and who there is. */
export interface Told {
  /** The services that the unit runs. */
  readonly services: readonly string[];
  /** All services of the system. */
  readonly known: readonly string[];
}

const everybodys = /^(ALL|BROKER|CANTLE|FORCE|GATEWAY|HTTP|HTTPS|LC|LOG|NO|NODE|NPM|OTEL|SSL|XDG)_/;

/** Each variable that is withheld, as undefined: what a child's environment is made with. */
export function withheldVariables(
  env: Readonly<Record<string, string | undefined>>,
  { services, known }: Told,
): Readonly<Record<string, undefined>> {
  const [own, others] = [services, known.filter((name) => !services.includes(name))].map((names) =>
    names.map((name) => variableOf(name, [])),
  ) as [string[], string[]];
  const isOf = (prefixes: readonly string[], name: string) => prefixes.some((prefix) => name.startsWith(prefix));
  const withheld = Object.keys(env).filter((name) => isOf(others, name) && !isOf(own, name) && !everybodys.test(name));
  return Object.fromEntries(withheld.map((name) => [name, undefined]));
}

/** The assignments of `--set` that a unit is told: its services', and what is no service's. */
export function assignmentsFor(
  set: readonly string[] | undefined,
  { services, known }: Told,
): readonly string[] | undefined {
  return set?.filter((assignment) => {
    const service = parseSet(assignment)?.service;
    return service === undefined || services.includes(service) || !known.includes(service);
  });
}
