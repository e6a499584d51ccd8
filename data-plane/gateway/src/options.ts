/** What a gateway is told. */
import type { Clock, Handler, Operation, Random, Trace } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { HttpLimits, ProblemHook } from "@cantle/transport/http";
import type { External } from "./external.ts";
import type { Mount } from "./table.ts";
import type { Tokens } from "./tokens.ts";

/** Options of a gateway. */
export interface GatewayOptions {
  /** Contracts, or operations under a prefix of their own. */
  readonly mounts: readonly Mount[];
  /** How calls of an operation leave: the mesh's outbound. Asked once for each operation. */
  readonly send: (operation: Operation) => Handler;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Default 127.0.0.1. Whoever wants others to reach it says so. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Before all operations: `/api`. Default none. */
  readonly prefix?: string;
  /** The hosts, with port where it is not 80, that are answered for. Default: any. */
  readonly hosts?: readonly string[];
  /** Who knows users. Absent: every token is bad, and only public operations can be called. */
  readonly tokens?: Tokens;
  /** The schemes of `Authorization` that are taken. Default `Bearer`. */
  readonly schemes?: readonly string[];
  /** Gives problems another shape. */
  readonly problem?: ProblemHook;
  /** Names of W3C Baggage that are taken from outside. Default none: routes and faults may go by baggage. */
  readonly baggage?: readonly string[];
  readonly externals?: readonly External[];
  /** What to wait for before a path counts as unknown, while routes may still be learned; undefined when there is nothing. */
  readonly learning?: () => Promise<void> | undefined;
  /** Path → JSON text, served as it is: `{ "/openapi.json": () => text }`. */
  readonly documents?: Readonly<Record<string, () => string>>;
  /** Pages of these origins may call. Default none. */
  readonly corsOrigins?: readonly string[];
  /** How long a call of an operation may take. Default: what its contract says. */
  readonly timeoutMs?: (operation: Operation) => number;
  /** Begins a trace for a request that has none. Default: a new one that is not sampled. */
  readonly beginTrace?: () => Trace;
  readonly limits?: Partial<HttpLimits>;
}
