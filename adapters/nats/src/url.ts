/**
 * Where a NATS server is: `nats://user:password@host:port,host:port?replicas=3`, or `tls://`.
 *
 * Read by hand, because a URL with several hosts is none for the platform's parser. Nothing of it goes into a message: it may
 * hold a password.
 */
import { CantleError } from "@cantle/core";

/** What a URL says. */
export interface Location {
  /** `host:port` of each server to begin with. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** What every stream and subject of ours begins with. */
  readonly prefix: string;
  /** How many servers keep each message. */
  readonly replicasCount: number;
  readonly storage: "file" | "memory";
  /** For how long a topic keeps its messages, ms. */
  readonly keepMs: number;
}

const dayMs = 24 * 3_600_000;
const shape = /^(nats|tls):\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/;
const server = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const known = new Set(["prefix", "replicas", "storage", "keepDays"]);

/** Reads a URL. Throws `CONFIG_INVALID`. */
export function locationOf(url: string): Location {
  const [, scheme, login, hosts = "", query] = shape.exec(url) ?? refuse("this is not the URL of a NATS server");
  const servers = hosts.split(",");
  if (!servers.every((each) => server.test(each))) refuse("a host in the URL of the NATS servers cannot be one");
  const options = new URLSearchParams(query);
  for (const name of options.keys())
    if (!known.has(name)) refuse(`the URL of the NATS servers has an unknown option "${name.slice(0, 40)}"`);
  const [user, ...rest] = login === undefined ? [] : login.split(":").map(decoded);
  const password = rest.length === 0 ? undefined : rest.join(":");
  return {
    servers,
    tls: scheme === "tls",
    ...(password === undefined
      ? { user: undefined, password: undefined, token: user }
      : { user, password, token: undefined }),
    ...readOptions(options),
  };
}

function readOptions(options: URLSearchParams): Pick<Location, "prefix" | "replicasCount" | "storage" | "keepMs"> {
  const prefix = options.get("prefix") ?? "cantle";
  const replicasCount = Number(options.get("replicas") ?? 1);
  const storage = options.get("storage") ?? "file";
  const keepDays = Number(options.get("keepDays") ?? 7);
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(prefix)) refuse("`prefix` is a letter and then letters, digits, _ or -");
  if (![1, 3, 5].includes(replicasCount)) refuse("`replicas` is 1, 3 or 5");
  if (storage !== "file" && storage !== "memory") refuse("`storage` is file or memory");
  if (!(keepDays > 0 && keepDays <= 36_500)) refuse("`keepDays` is a number of days above 0");
  return { prefix, replicasCount, storage: storage as Location["storage"], keepMs: Math.ceil(keepDays * dayMs) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("the user or password in the URL of the NATS servers is not percent-encoded as it should be");
  }
}

function refuse(message: string): never {
  throw new CantleError("CONFIG_INVALID", message, {
    help: "write nats://user:password@host:4222, with more hosts after commas, and tls:// where the server wants it",
  });
}
