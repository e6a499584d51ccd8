/**
 * Edits of units that run: each unit is started again from what is on the disk. While a rollout of it is under way nothing else changes it, so
 * an edit waits for the end of that, and says so: it would otherwise be lost, as nobody saves a file twice.
 */
import { isCantleError } from "@cantle/core";
import type { Supervisor, UnitEvent } from "@cantle/supervisor";

/** Starts edited units again. */
export interface Edits {
  /** Answers with whether the new one runs, by now. Throws `NOT_RUNNING` when the system stops. */
  restart(unit: string): Promise<boolean>;
}

/** Edits of what a supervisor runs. */
export function createEdits(
  supervisor: Pick<Supervisor, "restart"> & { readonly rollouts: Pick<Supervisor["rollouts"], "ended"> },
  tell: (event: UnitEvent) => void,
): Edits {
  const waiting = new Set<string>();

  /**
   * What runs goes on until the edited one is ready, and when that does not get ready, which is told as an event. The gateway
   * cannot: two would want one port.
   */
  async function restart(unit: string): Promise<boolean> {
    try {
      await supervisor.restart(unit, { overlap: unit !== "gateway" });
      return true;
    } catch (error) {
      if (isCantleError(error) && error.code === "NOT_RUNNING") throw error;
      if (isCantleError(error) && error.code === "ROLLOUT_UNDER_WAY") later(unit);
      return false;
    }
  }

  function later(unit: string): void {
    tell({ kind: "rollout", unit, text: "it was edited; it is started again when the rollout has ended" });
    if (waiting.has(unit)) return;
    waiting.add(unit);
    const again = async () => {
      waiting.delete(unit);
      tell({ kind: "rollout", unit, text: "it was edited meanwhile, and is started again" });
      await restart(unit);
    };
    // When the system stops, there is nothing to start.
    void supervisor.rollouts
      .ended(unit)
      .then(again)
      .catch(() => {});
  }

  return { restart };
}
