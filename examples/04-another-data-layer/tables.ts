/** The tables, in Drizzle's words. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Orders. */
export const orderRows = sqliteTable("orders", {
  id: text().primaryKey(),
  customer: text().notNull(),
  cents: integer().notNull(),
});

/** The orders that the service heard of by its own event. */
export const toldRows = sqliteTable("told", { orderId: text("order_id").notNull() });
