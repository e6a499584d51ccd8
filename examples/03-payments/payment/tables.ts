/** The payment service's own tables and their history. */

/** What a payment is, and what it does to two accounts. */
export interface Tables {
  payments: {
    id: number | undefined;
    /** The idempotency key it came with. */
    key: string | null;
    reference: string;
    payer: string;
    payee: string;
    cents: number;
  };
  entries: { payment: number; account: string; cents: number };
}

/** A payment as it is stored. */
export type Row = Tables["payments"];

/** How they came to be. */
export const migrations = {
  "0001-payments":
    "create table payments (id integer primary key, key text unique, reference text not null, payer text not null, payee text not null, cents integer not null)",
  "0002-entries": "create table entries (payment integer not null, account text not null, cents integer not null)",
};
