/** The embedded issuer of user and unit tokens, and their verification. */
export { type CallerSource, type CallerSourceOptions, createCallerSource } from "./caller-source.ts";
export { identity } from "./contract.ts";
export { createIssuer, type Issued, type Issuer, type IssuerOptions, type UnitRequest } from "./issuer.ts";
export type { KeySource } from "./key-set.ts";
export { type Jwks, type Keyring, type KeyringOptions, openKeyring } from "./keyring.ts";
export { type Lifetimes, lifetimesDefault } from "./lifetimes.ts";
export { hostPeer, type UnitPeer, unitOfPeer } from "./peer.ts";
export { type RotationPolicy, rotationDefault } from "./rotation.ts";
export { identityService } from "./service.ts";
export type { Grant, ServiceUses, UnitIdentity } from "./token.ts";
export { createUnitToken, type UnitToken, type UnitTokenOptions } from "./unit-token.ts";
export { createVerifier, type Verifier, type VerifierOptions } from "./verifier.ts";
