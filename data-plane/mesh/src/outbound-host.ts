/** What the way out of a process stands on: where services are, how to reach them, and by which policies. */
import type { MeshHost } from "./layer.ts";
import type { Policies, PolicySource } from "./policy.ts";
import type { Dial, Resolver } from "./resolver.ts";

/** What calls out of a process need besides. */
export interface OutboundHost extends MeshHost {
  readonly resolver: Resolver;
  readonly dial: Dial;
  /** The zone of this process; absent, zones mean nothing. */
  readonly zone?: string | undefined;
  readonly policies?: Policies | PolicySource | undefined;
}
