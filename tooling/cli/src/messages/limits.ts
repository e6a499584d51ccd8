/** How many messages a command is about, where nothing else is said, and at most. */

/** Shown where nothing is said. */
export const shownDefault = 10;
/** Shown at most: they are in memory with their data. */
export const shownMax = 10_000;
/** Dead letters swept at once, also where nothing is said; whoever has more does it again. */
export const sweptMax = 100_000;
/** Dead letters of a source that are read to tell its reasons, the oldest. */
export const reasonsReadMax = 1_000;
