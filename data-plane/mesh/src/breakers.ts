/** All the breakers of a process, by operation: services that share a process share what they learn of a target. */
import { type Operation, operationId } from "@cantle/core";
import { Breaker, type BreakerPolicy } from "./breaker.ts";
import type { OutboundHost } from "./outbound-host.ts";
import type { Resolver } from "./resolver.ts";

const boards = new WeakMap<Resolver, Map<string, Breaker>>();

/** The breakers of a process by `service.operation`, to be shown and steered. */
export function breakersOf({ resolver }: Pick<OutboundHost, "resolver">): ReadonlyMap<string, Breaker> {
  return boardOf(resolver);
}

/** The breaker of one operation; a new one where its policy is another, steered as the one before it. */
export function breakerOf(operation: Operation, policy: BreakerPolicy, host: OutboundHost): Breaker {
  const board = boardOf(host.resolver);
  const id = operationId(operation);
  const known = board.get(id);
  if (known !== undefined && JSON.stringify(known.policy) === JSON.stringify(policy)) return known;
  const made = new Breaker(policy, (state, why) =>
    host.observer?.noted?.({ kind: "breaker", operation: id, state, why }),
  );
  board.set(id, made);
  if (known?.state.kind === "forced-open") made.steer("open");
  if (known?.state.kind === "disabled") made.steer("off");
  return made;
}

/** The operation has no breaker any more. */
export function forgetBreaker(operation: Operation, host: OutboundHost): void {
  boardOf(host.resolver).delete(operationId(operation));
}

function boardOf(resolver: Resolver): Map<string, Breaker> {
  const board = boards.get(resolver) ?? new Map<string, Breaker>();
  boards.set(resolver, board);
  return board;
}
