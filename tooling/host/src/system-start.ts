/** A system that is about to run, in whichever shape. */
import type { Plan, System } from "@cantle/system";
import type { StartOptions } from "./start-options.ts";

/** A system that is about to run. */
export interface SystemStart {
  readonly system: System;
  readonly plan: Plan;
  /** The system's folder. */
  readonly folder: string;
  /** Where `.cantle` is. */
  readonly home: string;
  readonly options: StartOptions;
}
