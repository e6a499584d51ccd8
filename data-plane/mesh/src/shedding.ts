/**
 * Which calls an instance refuses when its event loop is late: the least important first, and the more the later it is.
 *
 *     refused          sheddable     default       critical
 *       all  ┤            ╱────────────╱──────────────╱─────
 *            ┤           ╱            ╱              ╱
 *      none  ┼──────────╱────────────╱──────────────╱
 *                  half the     the limit      twice the
 *                   limit                        limit          ──▶ delay; the slope is as wide as where it begins
 */

/** How much a call matters when not all can be answered. */
export type Criticality = "critical" | "default" | "sheddable";

const factors: Readonly<Record<Criticality, number>> = { sheddable: 0.5, default: 1, critical: 2 };

/** The share of calls to refuse, 0 to 1, at a delay. */
export function refusedShare(criticality: Criticality, delayMs: number, delayMsMax: number): number {
  const beginsMs = factors[criticality] * delayMsMax;
  return Math.min(1, Math.max(0, (delayMs - beginsMs) / beginsMs));
}

/** The delay by which the limit of a late loop is found; an operation that may be later gets more of it. */
const delayMsUsual = 100;

/** What a policy says of being late. */
interface Late {
  readonly criticality: Criticality;
  readonly delayMsMax: number;
}

/** How much of the limit of a late loop a call may fill: half for what matters least, and twice for what matters most. */
export function limitShare({ criticality, delayMsMax }: Late): number {
  return (factors[criticality] * delayMsMax) / delayMsUsual;
}
