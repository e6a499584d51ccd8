/**
 * `identity`: tokens for users, callers and units. All of it is internal; nothing is reachable through a gateway.
 *
 * Signing twice has no other effect than signing once, so everything here may be retried.
 */
import { contract, get, post } from "@cantle/contract";
import type { Duration } from "@cantle/core";
import { z } from "zod";
import { roleLengthMax, rolesMax, subjectLengthMax, tokenLengthMax } from "./token.ts";

const Token = z.string().min(1).max(tokenLengthMax);
const Issued = z.object({
  token: Token,
  /** Wall ms since 1970. */
  expiresMs: z.int(),
});
const Name = z.string().min(1).max(128);
const Ttl = z
  .string()
  .max(16)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/) as unknown as z.ZodType<Duration>;

/** How the issuer refuses; why is in its log. */
const errors = {
  TokenRefused: { status: 401, description: "the token is not valid, or has expired" },
  NotAllowed: { status: 403, description: "the calling service or unit may not have this" },
  NotPossible: { status: 422, description: "there can be no such token" },
} as const;
const quick = { idempotent: true, timeoutMs: 2_000, errors } as const;

/** The contract of the issuer. */
export const identity = contract("identity", {
  version: "1.0.0",
  operations: {
    mint: post("/tokens/user", {
      summary: "A token for a user who has just proved who they are; for services with `uses: { identity }`.",
      input: z.object({
        subject: z.string().min(1).max(subjectLengthMax),
        roles: z.array(z.string().min(1).max(roleLengthMax)).max(rolesMax).default([]),
        ttl: Ttl.optional(),
      }),
      output: Issued,
      ...quick,
    }),
    exchange: post("/tokens/caller", {
      summary: "A short-lived assertion for the user of a token; for the gateway.",
      input: z.object({ token: Token }),
      output: Issued,
      ...quick,
    }),
    unit: post("/tokens/unit", {
      summary: "A unit's own token, for its bootstrap token or the one it has.",
      input: z.object({
        proof: Token,
        instance: Name,
        uses: z.record(Name, z.union([z.literal("*"), z.array(Name).max(256)])),
      }),
      output: Issued,
      ...quick,
    }),
    keys: get("/keys", {
      summary: "The public keys (RFC 7517).",
      output: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
      timeoutMs: 2_000,
    }),
  },
});
