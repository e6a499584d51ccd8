/** The unit `gateway`: the one way in from outside, in a process of its own. */
import type { Running } from "@cantle/core";
import { type Gateway, listenGateway } from "@cantle/gateway";
import { createCallerSource, createVerifier, identity } from "@cantle/identity";
import { entering } from "@cantle/mesh";
import { clientAs } from "@cantle/service";
import type { System } from "@cantle/system";
import { openAdmin } from "./admin.ts";
import { isExternal } from "./external-source.ts";
import { externalsOf, gatewayOptions } from "./gateway-options.ts";
import { openInstanceDoor } from "./instance-door.ts";
import { metered } from "./load-meter.ts";
import { followRoutes } from "./routes.ts";
import { join, type UnitStart } from "./unit.ts";

/** What it is told besides what every unit is. */
export interface GatewayStart extends Omit<UnitStart, "services"> {
  readonly host: string;
  readonly port: number;
}

const peer = { service: "gateway", uses: "*" as const };

/** Starts the gateway's process. It listens at once, and shows each service from the moment it is known. */
export async function startGatewayUnit(
  start: GatewayStart,
): Promise<Running & { readonly addresses: readonly string[]; readonly services: readonly string[] }> {
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
    const admin = await openAdmin(
      { title: "gateway", clock, contracts: [], checks: { token: checkToken } },
      instance.started,
    );
    const door = await openInstanceDoor(instance, start.settings.home, instance.started);
    return {
      addresses: [gateway.address, admin.address, door],
      services: [],
      async stop() {
        admin.drain();
        await gateway.stop();
        await instance.started.stop();
      },
    };
  } catch (error) {
    await instance.started.stop();
    throw error;
  }
}

/** The services that can say what they serve; of a program nobody asks it. */
function servicesOf(system: System): string[] {
  return Object.keys(system.services).filter((service) => !isExternal(system, service));
}
