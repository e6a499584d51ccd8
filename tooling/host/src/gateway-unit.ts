/** The unit `gateway`: the one way in from outside, in a process of its own. */
import type { Running } from "@cantle/core";
import { type Gateway, listenGateway } from "@cantle/gateway";
import { createCallerSource, createVerifier, identity } from "@cantle/identity";
import { entering } from "@cantle/mesh";
import { clientAs } from "@cantle/service";
import type { System } from "@cantle/system";
import { type Admin, openAdmin } from "./admin.ts";
import { isExternal } from "./external-source.ts";
import { externalsOf, gatewayOptions } from "./gateway-options.ts";
import type { Instance } from "./instance.ts";
import { openInstanceDoor } from "./instance-door.ts";
import { metered } from "./load-meter.ts";
import { followRoutes } from "./routes.ts";
import { join, type UnitStart } from "./unit.ts";

/** What it is told besides what every unit is. */
export interface GatewayStart extends Omit<UnitStart, "services"> {
  readonly host: string;
  readonly port: number;
  /** False where it is one of several that share an admin port elsewhere. Default true. */
  readonly admin?: boolean;
}

/** A gateway that runs. */
export interface RunningGateway extends Running {
  readonly addresses: readonly string[];
  readonly services: readonly string[];
  /** `lingerMs`: for how long who is connected may be served, as another gateway has the port. */
  stop(lingerMs?: number): Promise<void>;
}

const peer = { service: "gateway", uses: "*" as const };

/** Starts the gateway's process. It listens at once, and shows each service from the moment it is known. */
export async function startGatewayUnit(start: GatewayStart): Promise<RunningGateway> {
  const { system, host, port, log, signal } = start;
  const { instance, resolver, checkToken } = await join(start, { gateway: "*" });
  try {
    const { clock, random } = instance.mesh;
    const client = clientAs(identity, peer, instance.mesh);
    const verifier = createVerifier({ keys: () => client.keys() as never, issuer: system.name, clock, log });
    const tokens = { verify: createCallerSource({ client, verifier, clock }) };
    await resolver.ready();
    signal?.throwIfAborted();
    let gateway: Gateway | undefined;
    const routes = followRoutes(instance, servicesOf(system), () => gateway?.mount(routes.mounts));
    instance.started.add(() => routes.stop());
    gateway = await listenGateway({
      ...gatewayOptions(system),
      mounts: routes.mounts,
      learning: routes.learning,
      send: (operation) => metered(entering(operation, instance.mesh), start.meter),
      externals: externalsOf(system, instance.mesh.resolver),
      tokens,
      clock,
      random,
      log,
      host,
      port,
    });
    const admin = start.admin === false ? undefined : await openAdminFor(instance, checkToken);
    // What was learned while it began to listen.
    gateway.mount(routes.mounts);
    const door = await openInstanceDoor(instance, start.settings.home, instance.started);
    return {
      addresses: [gateway.address, ...(admin === undefined ? [] : [admin.address]), door],
      services: [],
      async stop(lingerMs = 0) {
        admin?.drain();
        if (lingerMs > 0) await gateway.linger(lingerMs);
        await gateway.stop();
        await instance.started.stop();
      },
    };
  } catch (error) {
    await instance.started.stop();
    throw error;
  }
}

function openAdminFor({ mesh, started }: Instance, checkToken: () => void): Promise<Admin> {
  const checks = { token: checkToken };
  return openAdmin({ title: "gateway", clock: mesh.clock, contracts: [], checks }, started);
}

/** The services that can say what they serve; of a program nobody asks it. */
function servicesOf(system: System): string[] {
  return Object.keys(system.services).filter((service) => !isExternal(system, service));
}
