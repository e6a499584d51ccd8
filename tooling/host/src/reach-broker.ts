/** The broker as the services of one process reach it: through the system's own broker process, or straight to where `BROKER_URL` says. */

import type { OutboundHost } from "@cantle/mesh";
import { brokerContract, openRemoteBroker } from "@cantle/messaging";
import { clientAs } from "@cantle/service";
import { openBroker } from "./broker.ts";
import type { BrokerOf } from "./messages.ts";
import { once } from "./once.ts";
import type { Settings } from "./settings.ts";

/** What it is reached with. */
export interface BrokerWay {
  /** Where the embedded broker listens; absent where `BROKER_URL` names another. */
  readonly broker: string | undefined;
  readonly settings: Settings;
  readonly mesh: () => OutboundHost;
}

/** The way. Each service has a broker in its own name, so that the broker knows who publishes and who subscribes. */
export function reachBroker({ broker, settings, mesh }: BrokerWay): BrokerOf {
  const elsewhere = once(() => openBroker({ settings, ...mesh() }));
  return (service) => {
    if (broker === undefined) return elsewhere();
    const { clock, random, log } = mesh();
    const peer = { service, uses: new Set([brokerContract.name]) };
    return openRemoteBroker({ client: clientAs(brokerContract, peer, mesh()), clock, random, log });
  };
}
