/** What comments may call and what it owns. */
import type { Context } from "@cantle/contract";
import { database } from "@cantle/database";
import { accounts } from "../accounts/contract.ts";
import { articles } from "../articles/contract.ts";
import { migrations, type Tables } from "./tables.ts";

/** The clients and the database of every handler of comments. */
export const uses = { accounts, articles, database: database<Tables>({ migrations }) };

/** What handlers of comments get. */
export type Comments = Context<typeof uses>;
