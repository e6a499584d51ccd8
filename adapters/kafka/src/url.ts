/**
 * Where a Kafka cluster is: `kafka://user:password@host:port,host:port?tls=true&sasl=scram-sha-512`.
 *
 * Read by hand, because a URL with several hosts is none for the platform's parser. Nothing of it goes into a message: it may
 * hold a password.
 */
import { CantleError } from "@cantle/core";

/** How a user is made known. */
export type Mechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** What a URL says. */
export interface Location {
  /** `host:port` of each broker to begin with. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly login: { readonly user: string; readonly password: string; readonly mechanism: Mechanism } | undefined;
  /** What the names of all our topics and groups begin with; empty, or it ends in a dash. */
  readonly prefix: string;
  /** Brokers store a message of an idempotent producer once, however often it is sent again. */
  readonly idempotent: boolean;
}

const portDefault = 9092;
const shape = /^kafka:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/;
const server = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const mechanisms: Readonly<Record<string, Mechanism>> = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
};
const known = new Set(["tls", "sasl", "prefix", "idempotent"]);

/** Reads a URL. Throws `CONFIG_INVALID`. */
export function locationOf(url: string): Location {
  const [, userinfo, hosts = "", query] = shape.exec(url) ?? refuse("this is not the URL of a Kafka cluster");
  const servers = hosts.split(",").map((each) => {
    const [, host, port = portDefault] =
      server.exec(each) ?? refuse("a host in the URL of the Kafka cluster cannot be one");
    return `${host}:${port}`;
  });
  const options = new URLSearchParams(query);
  for (const name of options.keys())
    if (!known.has(name)) refuse(`the URL of the Kafka cluster has an unknown option "${name.slice(0, 40)}"`);
  const prefix = options.get("prefix") ?? "";
  if (!/^(|[A-Za-z][A-Za-z0-9_-]{0,30}-)$/.test(prefix)) refuse("`prefix` begins with a letter and ends in a dash");
  return {
    servers,
    tls: flag(options, "tls", false),
    login: loginOf(userinfo, options.get("sasl")),
    prefix,
    idempotent: flag(options, "idempotent", true),
  };
}

function loginOf(userinfo: string | undefined, sasl: string | null): Location["login"] {
  if (userinfo === undefined) return undefined;
  const mechanism = mechanisms[sasl ?? "plain"] ?? refuse("`sasl` is plain, scram-sha-256 or scram-sha-512");
  const [user = "", ...rest] = userinfo.split(":").map(decoded);
  return { user, password: rest.join(":"), mechanism };
}

function flag(options: URLSearchParams, name: string, byDefault: boolean): boolean {
  const value = options.get(name) ?? String(byDefault);
  return value === "true" || value === "false" ? value === "true" : refuse(`\`${name}\` is true or false`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("the user or password in the URL of the Kafka cluster is not percent-encoded as it should be");
  }
}

function refuse(message: string): never {
  throw new CantleError("CONFIG_INVALID", message, {
    help: "write kafka://user:password@host:9092, with more hosts after commas, and ?tls=true where the cluster wants it",
  });
}
