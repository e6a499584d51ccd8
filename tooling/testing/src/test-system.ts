/**
 * A whole system in the test's own process: every service with its data, the issuer, and clients that call them; no port, no
 * child process, nothing left behind. The recipes are those of placement `one`, so what passes here passes there.
 *
 * What a test should not depend on is not there: no environment, no `config.yaml`, no `.cantle` of the system's folder.
 * Databases are files, as in production, one for each service, in a temporary folder with the keys.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, Contract } from "@cantle/contract";
import { type CantleError, type Clock, createStarted, type Random, type Running } from "@cantle/core";
import { runWhole } from "@cantle/host/whole";
import { clientAs, type ServiceDefinition } from "@cantle/service";
import type { System } from "@cantle/system";
import type { Logger } from "@cantle/telemetry";
import { keepLog, type TestContextLike } from "./kept-log.ts";
import { replaced } from "./replaced.ts";

/** A user, as a test makes one up. */
export interface TestUser {
  readonly id: string;
  readonly roles?: readonly string[];
}

/** What a system is tested with. */
export interface TestSystemOptions {
  /** Configuration by service; checked as that of a file is. */
  readonly config?: { readonly [service: string]: { readonly [key: string]: unknown } };
  /** Other implementations of the same contracts, by service. */
  readonly replace?: { readonly [service: string]: ServiceDefinition };
  /** The environment: `MAILER_API_KEY`, `ACCOUNTS_DATABASE_URL`; default a broker in memory and nothing else. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the machine's. A `virtualClock` moves when the test says so. */
  readonly clock?: Clock;
  /** Default: the machine's. A `seededRandom` makes the same ids each time. */
  readonly random?: Random;
  /** The context of a test: the system stops with it, and its log is shown if it failed. */
  readonly test?: TestContextLike;
  /** Where log records go besides; default nowhere. */
  readonly log?: Logger;
  /** Services that do not load are left out; default: they fail the start, as in a test nothing is optional. */
  readonly allowFailed?: boolean;
}

/** A system that runs in the test's process. */
export interface TestSystem extends Running, AsyncDisposable {
  /**
   * A typed client of one of its services, internal operations included. It calls as the platform, which may call everything;
   * with `as`, on behalf of that user.
   */
  client<C extends Contract<string, any>>(contract: C, options?: { readonly as?: TestUser }): Client<C>;
  /** Services that were left out (`allowFailed`), with why. */
  readonly failed: ReadonlyMap<string, CantleError>;
  /** The temporary folder, with the databases in `.cantle/data`. */
  readonly folder: string;
  /** What was logged, the latest lines. */
  logged(): readonly string[];
}

const peer = { service: "test", uses: "*" } as const;

/** Starts a system. Throws what the first service that cannot run throws. */
export async function startTestSystem(system: System, options: TestSystemOptions = {}): Promise<TestSystem> {
  const { config, replace = {}, clock, random, test, allowFailed = false } = options;
  const env = { BROKER_URL: "memory:", ...options.env };
  const whole = replaced(system, replace);
  const { log, lines } = keepLog(options.log);
  const folder = await mkdtemp(join(tmpdir(), `cantle-${system.name}-`));
  const started = createStarted();
  started.add(() => rm(folder, { recursive: true, force: true }));
  test?.after(async () => {
    if (test.passed === false) for (const line of lines()) test.diagnostic(line);
    await started.stop();
  });
  try {
    const settings = { folder, home: folder, env, config: { from: "config of the test", content: config ?? {} } };
    const services = Object.keys(whole.services);
    const { instance, failed } = await runWhole(
      { system: whole, services, settings, log, clock, random, sheds: false },
      started,
    );
    const [failure] = failed.values();
    if (failure !== undefined && !allowFailed) throw failure;
    return {
      client: (contract, { as } = {}) => clientAs(contract, peer, { ...instance.mesh, caller: as && callerOf(as) }),
      failed,
      folder,
      logged: lines,
      stop: () => started.stop(),
      [Symbol.asyncDispose]: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

function callerOf({ id, roles = [] }: TestUser) {
  return { id, roles, assertion: "" };
}
