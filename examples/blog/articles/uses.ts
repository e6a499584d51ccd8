/** What articles may call and what it owns. */
import type { Context } from "@cantle/contract";
import { database } from "@cantle/database";
import { accounts } from "../accounts/contract.ts";
import { articles } from "./contract.ts";
import { migrations, type Tables } from "./tables.ts";

/** The clients and the database of every handler of articles. */
export const uses = { accounts, database: database<Tables>({ migrations }) };

/** What handlers that publish need besides. */
export const publishing = { uses, contract: articles };

/** What handlers of articles get. */
export type Articles = Context<typeof uses>;
