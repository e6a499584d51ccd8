/** Path templates: `/accounts/{id}`. */

/** The names in a path template, in order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] as string);
}
