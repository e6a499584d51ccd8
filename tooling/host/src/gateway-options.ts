/** From a system's description to the gateway's options. */
import type { External, GatewayOptions } from "@cantle/gateway";
import type { Resolver } from "@cantle/mesh";
import type { System } from "@cantle/system";

const inFlightMaxDefault = 2_000;

/** What the description says of the gateway. */
export function gatewayOptions({
  gateway = {},
}: System): Pick<GatewayOptions, "prefix" | "schemes" | "problem" | "baggage" | "corsOrigins" | "limits"> {
  const { prefix, schemes, problem, baggage, corsOrigins, inFlightMax = inFlightMaxDefault } = gateway;
  return {
    ...(prefix && { prefix }),
    ...(schemes && { schemes }),
    ...(problem && { problem }),
    ...(baggage && { baggage }),
    ...(corsOrigins && { corsOrigins }),
    limits: { inFlightMax },
  };
}

/** The external programs that the gateway passes requests to. */
export function externalsOf(system: System, resolver: Resolver): External[] {
  return Object.entries(system.services).flatMap(([service, source]) => {
    if (
      typeof source === "function" ||
      source.kind !== "external" ||
      source.route === undefined ||
      source.access === undefined
    )
      return [];
    const pick = () =>
      resolver
        .view(service)
        .endpoints.find((endpoint) => endpoint.state === "ready" && endpoint.address?.startsWith("http:"))?.address;
    return [{ route: source.route, service, access: source.access, pick }];
  });
}
