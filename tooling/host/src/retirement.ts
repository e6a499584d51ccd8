/**
 * Takes instances out of the registry whose processes ended without leaving: crashed, or killed. Their leases would run out
 * within seconds anyway, and callers avoid an address that refuses them; this makes every view right at once.
 *
 * Best effort, and beside everything else: nobody waits for it, a registry that is away is not asked again, and each round
 * has a bound. The supervisor speaks in its own name, with a token that it gives itself.
 */
import type { Client } from "@cantle/contract";
import { type Clock, createStarted, type Random, type Running } from "@cantle/core";
import { hostPeer, type Issuer } from "@cantle/identity";
import { registry } from "@cantle/registry";
import type { SupervisorEvent } from "@cantle/supervisor";
import { silentLogger } from "@cantle/telemetry";
import { connector } from "./addresses.ts";
import type { Settings } from "./settings.ts";

/** What is needed to reach the registry. */
export interface RegistryAccess {
  readonly issuer: Issuer;
  /** Where the control plane listens. */
  readonly control: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
}

/** Is told what happens to instances, and tells the registry. */
export interface Retirement extends Running {
  note(event: SupervisorEvent): void;
}

const timeoutMs = 1_000;
/** How many may wait for their turn; of more, the leases run out. */
const waitingMax = 1_024;

/** Begins to listen; nothing is connected before the first instance is to be taken out. */
export function createRetirement(access: RegistryAccess): Retirement {
  const waiting = new Set<string>();
  let working: Promise<void> | undefined;
  let stopped = false;

  async function work(): Promise<void> {
    while (waiting.size > 0 && !stopped) {
      const ended = [...waiting];
      waiting.clear();
      await withRegistry(access, (client) =>
        Promise.allSettled(ended.map((instance) => client.deregister({ instance }, { timeoutMs }))),
      ).catch(() => {});
    }
    working = undefined;
  }

  return {
    note(event) {
      // The control plane is not in the registry, it has it.
      if (event.kind !== "ended" || event.left || event.unit === "control" || stopped) return;
      if (waiting.size >= waitingMax) return;
      waiting.add(`${event.instance}.${event.generation}`);
      working ??= work();
    },
    async stop() {
      stopped = true;
      await working;
    },
  };
}

/** Calls the registry as the supervisor, over a connection of its own. */
export async function withRegistry<T>(
  { issuer, control, settings, clock, random }: RegistryAccess,
  use: (client: Client<typeof registry>) => Promise<T>,
): Promise<T> {
  // Most systems never need them, and a supervisor starts sooner without.
  const [{ createInstance }, { clientAs }] = await Promise.all([import("./instance.ts"), import("@cantle/service")]);
  const started = createStarted();
  try {
    const bootstrap = await issuer.bootstrap({ unit: "supervisor", services: [], platform: true });
    const own = await issuer.unit({ proof: bootstrap.token, instance: "supervisor", uses: {} });
    const connect = connector({ clock, token: () => own.token, services: [hostPeer] });
    const options = { known: [], id: "supervisor", log: silentLogger, settings, clock, random, connect };
    const instance = createInstance(options);
    started.add(() => instance.started.stop());
    instance.platform(["registry"], control);
    return await use(clientAs(registry, { service: hostPeer, uses: "*" }, instance.mesh));
  } finally {
    await started.stop();
  }
}
