/** What is told of scaling, and remembered. */

/** A change of how many instances a unit has. */
export interface ScalingChange {
  /** When it was decided, ISO 8601. */
  readonly at: string;
  readonly from: number;
  readonly to: number;
  readonly by: "scaler" | "operator";
  readonly reason: string;
}
