/**
 * Where configuration comes from, in rising order of weight:
 *
 *     default  <  file  <  profile  <  environment  <  secret file  <  --set
 *
 * All of it arrives as texts and objects; whoever calls has read the files and the environment.
 */

/** The kinds of source, lightest first. */
export type SourceKind = "default" | "file" | "profile" | "environment" | "secret file" | "--set";

/** A configuration file, parsed: `{ accounts: { maxPerDomain: 5 } }`, one member for each service. */
export interface ConfigFile {
  /** Its name, as people should see it: `config.yaml`. */
  readonly from: string;
  readonly content: unknown;
}

/** Everything that values are taken from besides the defaults of the schema. */
export interface ConfigSources {
  readonly file?: ConfigFile | undefined;
  /** The file of the chosen profile: `config.production.yaml`. */
  readonly profile?: ConfigFile | undefined;
  /** An empty variable is the same as none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The contents of the files that `*_FILE` variables name, by the variable: `{ ACCOUNTS_SECRET_FILE: "hunter2\n" }`. */
  readonly secretFiles?: Readonly<Record<string, string>>;
  /** What was given with `--set`, in order: `accounts.maxPerDomain=5`. */
  readonly set?: readonly string[];
}

/** Where one value came from. */
export interface Origin {
  /** The steps to it; names in maps may hold dots, so the dotted path alone would not do. */
  readonly path: readonly string[];
  readonly source: SourceKind;
  /** The file, the variable, `--set`, or `schema`. */
  readonly from: string;
  /** True when the value must not be shown. */
  readonly secret: boolean;
}
