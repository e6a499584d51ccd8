/** Calls of a service that runs in the same process go straight to it. */
import type { Layer } from "../layer.ts";
import type { OutboundHost } from "../outbound-host.ts";
import { poolOf } from "../pool.ts";

/** Prefers the same process. */
export const colocated: Layer<OutboundHost> = ({ operation, host }) => {
  const pool = poolOf(operation.service, host);
  return (next) => (call) => {
    const { local } = pool;
    return local === undefined ? next(call) : local.handle(call);
  };
};
