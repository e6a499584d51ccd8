/**
 * For tests: the units of a system in the test's own process, each with an environment of its own, joined over real sockets by a
 * real control plane. What only differs between processes (zones, labels, policies, the registry's view) can be seen here.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import type { TestContext } from "node:test";
import type { Client, Contract } from "@cantle/contract";
import { createStarted, systemClock, systemRandom } from "@cantle/core";
import { clientAs } from "@cantle/service";
import type { System } from "@cantle/system";
import { silentLogger as log } from "@cantle/telemetry";
import { socketOf } from "./addresses.ts";
import { openIssuer } from "./control.ts";
import { startControlUnit } from "./control-unit.ts";
import { processNetwork } from "./network.ts";
import { join, type Member, type RunningUnit, startUnit } from "./unit.ts";

/** How one member differs from the others. */
export interface MemberOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
}

/** A system whose units are started one by one. */
export interface Cluster {
  readonly home: string;
  /** Starts an instance of the unit that runs these services. */
  unit(instance: string, services: readonly string[], options?: MemberOptions): Promise<RunningUnit>;
  /** Joins as the gateway does. */
  member(options?: MemberOptions): Promise<Member>;
}

/** Starts the control plane of a system, until the test ends. */
export async function startCluster(system: System, test: TestContext): Promise<Cluster> {
  const started = createStarted();
  test.after(() => started.stop());
  const home = await mkdtemp(joinPath(tmpdir(), "cluster-"));
  started.add(() => rm(home, { recursive: true }));
  await mkdir(joinPath(home, ".cantle", "run"), { recursive: true, mode: 0o700 });
  const time = { clock: systemClock, random: systemRandom() };
  const network = processNetwork("wire", home);
  const control = socketOf(home, "control");
  const settingsOf = ({ env = {}, set }: MemberOptions) => ({ folder: home, home, env, set });
  const settings = settingsOf({});
  const issuer = await openIssuer({ system: system.name, settings, log, ...time }, started);
  const controlUnit = await startControlUnit({ system, instance: "control-1", socket: control, settings, log });
  started.add(() => controlUnit.stop());
  let members = 0;
  const common = { system, network, control, log };
  return {
    home,
    async unit(instance, services, options = {}) {
      const unit = instance.replace(/-\d+$/, "");
      const { token: bootstrap } = await issuer.bootstrap({ unit, services });
      const start = { ...common, unit, instance, services, bootstrap, settings: settingsOf(options) };
      const running = await startUnit(start);
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= running.stop());
      started.add(stop);
      return { ...running, stop };
    },
    async member(options = {}) {
      const instance = `gateway-${++members}`;
      const grant = { unit: "gateway", services: ["gateway"], platform: true };
      const { token: bootstrap } = await issuer.bootstrap(grant);
      const start = { ...common, instance, bootstrap, settings: settingsOf(options) };
      const member = await join(start, { gateway: "*" });
      started.add(() => member.instance.started.stop());
      await member.resolver.ready();
      return member;
    },
  };
}

/** A client that calls as a member. */
export function clientOf<C extends Contract<string, any>>(contract: C, { instance }: Member): Client<C> {
  return clientAs(contract, { service: "gateway", uses: "*" }, instance.mesh);
}

/** Resolves when a member sees so many ready instances of a service. */
export function untilSeen({ resolver }: Member, service: string, count: number): Promise<void> {
  const isThere = () => resolver.view(service).endpoints.filter(({ state }) => state === "ready").length === count;
  return new Promise((resolve) => {
    const look = () => {
      if (!isThere()) return;
      unwatch();
      resolve();
    };
    const unwatch = resolver.watch(service, look);
    look();
  });
}
