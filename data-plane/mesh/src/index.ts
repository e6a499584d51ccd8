/** What happens to every call on its way in and out. */
export type { Work } from "./answered.ts";
export { inbound } from "./inbound.ts";
export type { Layer, LayerPlan, MeshHost } from "./layer.ts";
export { userRefused } from "./layers/permitted.ts";
export { outbound } from "./outbound.ts";
export type { OutboundHost } from "./outbound-host.ts";
export { type Policies, type Policy, policyOf } from "./policy.ts";
export { type Dial, type Endpoint, type Resolver, type StaticResolver, staticResolver, type View } from "./resolver.ts";
export { insideTransaction, runInTransaction } from "./transaction-scope.ts";
