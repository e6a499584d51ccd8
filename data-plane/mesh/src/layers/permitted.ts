/**
 * Who may call. The peer (the service that calls) must have listed this one in its `uses`; the caller (the user on whose
 * behalf) must be who the contract's `access` asks for. The gateway asks the second too, earlier; asking here as well
 * makes `caller` certain in handlers, in every placement.
 */
import { type Access, type Call, CantleError } from "@cantle/core";
import type { Layer } from "../layer.ts";
import { refusal } from "./declared.ts";

/** Refuses what was not declared. */
export const permitted: Layer = ({ operation }) => {
  const { service, access } = operation;
  const needsUser = access !== undefined && access !== "public";
  return (next) => (call) => {
    const { uses } = call.peer;
    if (uses !== "*" && !uses.has(service)) return Promise.reject(refusal(peerRefused(call), call));
    if (needsUser) {
      const refused = userRefused(access, call);
      if (refused !== undefined) return Promise.reject(refusal(refused, call));
    }
    return next(call);
  };
};

/** Why a call's user may not use an operation with this `access`; undefined where it may. */
export function userRefused(access: Access | undefined, call: Pick<Call, "caller">): CantleError | undefined {
  if (access === undefined || access === "public") return undefined;
  if (call.caller === undefined) return new CantleError("UNAUTHENTICATED", "this needs a signed-in user");
  if (access === "user" || access.roles.some((role) => call.caller?.roles.includes(role))) return undefined;
  return new CantleError("FORBIDDEN", "this needs a role that the user does not have");
}

function peerRefused({ peer, operation }: Call): CantleError {
  return new CantleError("PEER_REFUSED", `'${peer.service}' may not call '${operation.service}'`, {
    help: `list the contract of '${operation.service}' in the 'uses' of '${peer.service}'`,
  });
}
