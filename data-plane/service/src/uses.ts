/** What a service stands on besides its own code. */
import type { Contract } from "@cantle/contract";
import type { Binding } from "./binding.ts";

/** What a service may list in `uses`: services it calls, by contract, and things it owns, by binding. */
export type Uses = { readonly [name: string]: Contract<string, any> | Binding };
