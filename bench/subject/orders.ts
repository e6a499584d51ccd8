/** The work that every contestant does: two trivial operations on orders, so that what is measured is what is around them. */

/** What is sent: five members. */
export interface NewOrder {
  readonly customer: string;
  readonly sku: string;
  readonly quantity: number;
  readonly express: boolean;
  readonly note: string;
}

/** What is answered: four members. */
export interface Order {
  readonly id: string;
  readonly state: "placed" | "sent" | "returned";
  readonly total: number;
  readonly note: string;
}

/** Some 100 bytes of JSON: the input of local and remote calls. */
export const smallOrder: NewOrder = {
  customer: "c-4711",
  sku: "KETTLE-2",
  quantity: 3,
  express: true,
  note: "ring twice",
};

/** 1 KB of JSON: the body of a POST. */
export const largeOrder: NewOrder = { ...smallOrder, note: "leave it with the neighbour, ".repeat(40).slice(0, 934) };

const small = "ready for collection";
const large = "the kettle leaves our house tomorrow; ".repeat(10).slice(0, 237);

/** Takes an order: the handler behind local and remote calls. */
export function place({ quantity }: NewOrder): Order {
  return { id: "o-4711", state: "placed", total: quantity * 29.5, note: small };
}

/** Takes an order and answers with 300 bytes of JSON: the handler behind POST. */
export function placeAtLength({ quantity }: NewOrder): Order {
  return { id: "o-4711", state: "placed", total: quantity * 29.5, note: large };
}

/** Finds an order, 300 bytes of JSON: the handler behind GET. */
export function find(id: string): Order {
  return { id, state: "placed", total: 88.5, note: large };
}
