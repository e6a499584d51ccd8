import { systemClock } from "@cantle/core";
import { hardeningSuite } from "@cantle/transport/http/hardening";
import { listenGateway } from "./gateway.ts";

hardeningSuite("the gateway", async (served, limits) => {
  const handlers = new Map(served.map(({ operation, handle }) => [operation, handle]));
  const gateway = await listenGateway({
    mounts: [{ operations: Object.fromEntries(served.map(({ operation }) => [operation.name, operation])) }],
    prefix: "/api",
    send: (operation) => handlers.get(operation)!,
    clock: systemClock,
    limits,
  });
  return { port: gateway.port, prefix: "/api", stop: () => gateway.stop() };
});
