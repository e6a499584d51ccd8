/** Configuration as rows for people: what every value is and where it came from. */
import type { ResolvedConfig } from "./resolve.ts";
import { mask, showValue } from "./secret.ts";
import type { SourceKind } from "./sources.ts";
import { valueAt } from "./tree.ts";

/** One value of a service's configuration. */
export interface ConfigRow {
  /** `accounts.maxPerDomain`. */
  readonly path: string;
  /** As text; secrets masked. */
  readonly value: string;
  readonly source: SourceKind;
  readonly from: string;
}

/** The rows of a configuration, in the order of its schema. Secrets are masked here, so a caller cannot forget to. */
export function describeConfig({ name, value, origins }: ResolvedConfig): ConfigRow[] {
  return [...origins].map(([dotted, { path, source, from, secret }]) => ({
    path: `${name}.${dotted}`,
    value: secret ? mask : showValue(valueAt(value, path)),
    source,
    from,
  }));
}
