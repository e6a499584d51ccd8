/** Who runs where: leases, heartbeats, and a watch of every change. */
export { type AddressPolicy, localOnly } from "./address.ts";
export { registry, type WatchItem } from "./contract.ts";
export type { Announced, Instance, Owner, ServiceState } from "./instance.ts";
export { type LeasePolicy, leasesDefault } from "./lease-table.ts";
export { limitsDefault, type RegistryLimits } from "./limits.ts";
export { createRegistration, type Registration, type RegistrationOptions } from "./registration.ts";
export { createRegistry, type Registry, type RegistryOptions } from "./registry.ts";
export { createRegistryResolver, type RegistryResolver, type RegistryResolverOptions } from "./resolver.ts";
export { type OwnerOf, registryService } from "./service.ts";
export { metadataOf, type Whereabouts, whereaboutsOf } from "./whereabouts.ts";
