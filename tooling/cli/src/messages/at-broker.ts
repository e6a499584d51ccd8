/**
 * Commands about messages: each is a function of a broker and a terminal, and the way to the broker is found
 * here. The embedded one belongs to the running system; one that `BROKER_URL` names may be looked into without any.
 */
import { CantleError, isCantleError } from "@cantle/core";
import { becomeOperator, isEmbedded, loadSystem, type Operator } from "@cantle/host";
import type { Broker } from "@cantle/messaging";
import type { System } from "@cantle/system";
import type { Run } from "../command-options.ts";
import { findSystem } from "../find-system.ts";
import { connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";

/** What a command about messages works with. */
export interface AtBroker {
  readonly terminal: Terminal;
  readonly broker: Broker;
  readonly system: System;
}

/** A command about messages; answers with the exit code. */
export type BrokerCommand<O> = (at: AtBroker, options: O, ...named: any[]) => Promise<number>;

/** What every one of them is told. */
export interface BrokerCommandOptions {
  readonly system?: string;
  readonly json?: boolean;
}

/** The command as the program runs it: it finds the broker, and lets it go again. */
export function atBroker<O extends BrokerCommandOptions>(command: BrokerCommand<O>): Run {
  return async (terminal, options, ...named) => {
    const { file, folder, home } = findSystem(terminal, options.system);
    const { env } = terminal;
    // The embedded one is in a process of the system, so there is none where nothing runs.
    if (isEmbedded(env)) await connectRunning(home);
    const system = await loadSystem(file);
    const operator = await becomeOperator(system, { folder, home, env });
    // The platform's timers keep no process alive, and a command may be waiting for one.
    const alive = setInterval(() => {}, 60_000);
    try {
      return await command({ terminal, broker: await brokerOf(operator, env), system }, options, ...named);
    } finally {
      clearInterval(alive);
      await operator.stop();
    }
  };
}

async function brokerOf(operator: Operator, env: Terminal["env"]): Promise<Broker> {
  try {
    return await operator.broker();
  } catch (error) {
    const isAway = isCantleError(error) && error.code === "BROKER_UNAVAILABLE";
    if (!isAway || error.help !== undefined) throw error;
    throw new CantleError("BROKER_UNAVAILABLE", "the broker does not answer", {
      help: isEmbedded(env)
        ? "see with `cantle ps` whether it runs; a system that was started with BROKER_URL has another: set it here too"
        : "see whether the server that BROKER_URL names runs and can be reached from here",
      cause: error,
    });
  }
}
