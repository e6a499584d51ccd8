// expect: 'acces' is not an option here
import { get } from "@cantle/contract";

const common = { acces: "public", timeoutMs: 500 } as const;

export const read = get("/accounts", common); // here
