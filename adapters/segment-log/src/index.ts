/** The embedded engine of `@cantle/messaging`. */
export { createSegmentLog, segmentLog } from "./engine.ts";
export type { SegmentLogLimits } from "./limits.ts";
