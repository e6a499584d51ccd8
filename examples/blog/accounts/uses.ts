/** What accounts may call and what it owns. */
import type { Context } from "@cantle/contract";
import { database } from "@cantle/database";
import { identity } from "@cantle/identity";
import { migrations, type Tables } from "./tables.ts";

/** The clients and the database of every handler of accounts. */
export const uses = { identity, database: database<Tables>({ migrations }) };

/** What handlers of accounts get. */
export type Accounts = Context<typeof uses>;
