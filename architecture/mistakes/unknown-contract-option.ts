// expect: 'operation' is not an option here
import { contract, get } from "@cantle/contract";

export const accounts = contract("accounts", { version: "1.0.0", operations: {}, operation: { read: get("/", {}) } }); // here
