/** The one entry from outside: routes from contracts, identity, roles, limits, problems. */
export type { ProblemHook, ShapedProblem } from "@cantle/transport/http";
export type { External } from "./external.ts";
export { type Gateway, listenGateway } from "./gateway.ts";
export type { GatewayOptions } from "./options.ts";
export type { Mount } from "./table.ts";
export { cachedTokens, type TokenCacheOptions, type VerifiedToken } from "./token-cache.ts";
export { staticTokens, type Tokens } from "./tokens.ts";
