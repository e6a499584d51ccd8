/**
 * `identity`: tokens for users, callers and units. All of it is internal; nothing is reachable through a gateway.
 *
 * Signing twice has no other effect than signing once, so everything here may be retried.
 */
import { contract, get, post } from "@cantle/contract";
import { z } from "zod";
import { roleLengthMax, rolesMax, subjectLengthMax, tokenLengthMax } from "./token.ts";

const Token = z.string().min(1).max(tokenLengthMax);
const Issued = z.object({
  token: Token,
  /** Wall ms since 1970. */
  expiresMs: z.int(),
});
const Name = z.string().min(1).max(128);
const Ttl = z.templateLiteral([z.number().min(0), z.enum(["ms", "s", "m", "h", "d"])]);

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
      idempotent: true,
      timeoutMs: 2_000,
    }),
    exchange: post("/tokens/caller", {
      summary: "A short-lived assertion for the user of a token; for the gateway.",
      input: z.object({ token: Token }),
      output: Issued,
      idempotent: true,
      timeoutMs: 2_000,
    }),
    unit: post("/tokens/unit", {
      summary: "A unit's own token, for its bootstrap token or the one it has.",
      input: z.object({
        proof: Token,
        instance: Name,
        uses: z.record(Name, z.union([z.literal("*"), z.array(Name).max(256)])),
      }),
      output: Issued,
      idempotent: true,
      timeoutMs: 2_000,
    }),
    keys: get("/keys", {
      summary: "The public keys (RFC 7517).",
      output: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
      timeoutMs: 2_000,
    }),
  },
});
