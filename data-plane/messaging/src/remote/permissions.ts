/**
 * What a service may do at the broker: what follows from its contract and its `uses`, and nothing else.
 *
 *     its own events       append           its own queues              send, take, look, purge
 *     events it uses       take, read       queues of services it uses  send
 *     its own group        everything       the platform (`*`)          everything, and the lists of all
 *
 * The peer is who it proved to be; names are checked before they are compared, so none is a path or a pattern.
 */
import { CantleError, type Peer } from "@cantle/core";
import { checkChannelName, checkGroupName } from "../channel-name.ts";
import type { DeadLetterSource } from "../dead-letters.ts";

/** Something that a peer wants to do. */
export type BrokerAct =
  | { readonly kind: "append" | "read"; readonly topic: string }
  /** Anything a group does or suffers: take, seek, forget, dead letters. */
  | { readonly kind: "group"; readonly topic: string; readonly group: string }
  /** Send to a queue; or take, look, purge and dead letters. */
  | { readonly kind: "send" | "own"; readonly queue: string }
  /** See what is there. */
  | { readonly kind: "list" };

/** Throws `PEER_REFUSED` where a peer may not do it, and `CHANNEL_UNKNOWN` for what is no name. */
export type BrokerPermissions = (peer: Peer, act: BrokerAct) => void;

/** The permissions that contracts declare. */
export const declaredPermissions: BrokerPermissions = (peer, act) => {
  checkNames(act);
  if (peer.uses === "*" || isDeclared(peer.service, peer.uses, act)) return;
  throw new CantleError("PEER_REFUSED", `'${peer.service}' may not do this at the broker`, {
    help: "a service publishes its own events, takes from its own queues, and sees of others what its 'uses' lists",
    notes: JSON.stringify(act),
  });
};

function checkNames(act: BrokerAct): void {
  if (act.kind === "list") return;
  checkChannelName("topic" in act ? act.topic : act.queue);
  if (act.kind === "group") checkGroupName(act.group);
}

function isDeclared(service: string, uses: ReadonlySet<string>, act: BrokerAct): boolean {
  const isOwn = (channel: string) => ownerOf(channel) === service;
  const isUsed = (channel: string) => isOwn(channel) || uses.has(ownerOf(channel));
  switch (act.kind) {
    case "append":
      return isOwn(act.topic);
    case "read":
      return isUsed(act.topic);
    case "group":
      return isUsed(act.topic) && act.group === service;
    case "send":
      return isUsed(act.queue);
    case "own":
      return isOwn(act.queue);
    case "list":
      return false;
  }
}

function ownerOf(channel: string): string {
  return channel.slice(0, channel.indexOf("."));
}

/** What is done with dead letters is done with their source. */
export function actOn({ kind, name, group = "" }: DeadLetterSource): BrokerAct {
  return kind === "topic" ? { kind: "group", topic: name, group } : { kind: "own", queue: name };
}
