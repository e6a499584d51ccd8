/**
 * The gateway's route table: every operation that says who may call it. What says nothing is internal and has no row, so
 * that asking for it is the same as asking for what does not exist.
 */
import type { Access, Handler, Operation } from "@cantle/core";
import { createRoutes, type Routes } from "@cantle/transport/http";
import { checkPrefix } from "./prefix.ts";

/** Operations under a prefix. A contract is one, under none. */
export interface Mount {
  readonly operations: Readonly<Record<string, Operation>>;
  /** `/v1`; comes after the gateway's own. */
  readonly prefix?: string;
}

/** An operation that can be called from outside. */
export interface Row {
  readonly operation: Operation;
  readonly access: Access;
  readonly handle: Handler;
  /** Header fields of all its answers, besides `safeHeaders`. */
  readonly headers: readonly string[];
}

/** Browsers do not guess another type. */
export const safeHeaders: readonly string[] = ["x-content-type-options", "nosniff"];
/** What only one user may see is kept nowhere on the way. */
const privateHeaders = ["cache-control", "no-store"];
/** RFC 9745 wants a date; a contract only says that it is so, and has been. */
const deprecatedHeaders = ["deprecation", "@0"];

/** Builds a table of mounts. Throws `SYSTEM_INVALID` when two operations answer the same requests. */
export type Tables = (mounts: readonly Mount[]) => Routes<Row>;

/** Makes tables under a prefix. An operation that is in several tables, one after the other, is asked its handler once. */
export function createTables(prefix: string, send: (operation: Operation) => Handler): Tables {
  const rows = new WeakMap<Operation, Row>();

  function rowOf(operation: Operation, access: Access): Row {
    const row = rows.get(operation) ?? { operation, access, handle: send(operation), headers: headersOf(operation) };
    rows.set(operation, row);
    return row;
  }

  return (mounts) => {
    const routes = mounts.flatMap((mount) => {
      const before = prefix + checkPrefix(mount.prefix ?? "", "gateway.mounts.prefix");
      return Object.values(mount.operations).flatMap((operation) => {
        const { access, method, path } = operation;
        return access === undefined ? [] : [{ method, path: pathOf(before, path), value: rowOf(operation, access) }];
      });
    });
    return createRoutes(routes);
  };
}

function pathOf(prefix: string, path: string): string {
  return prefix !== "" && path === "/" ? prefix : prefix + path;
}

function headersOf({ access, deprecated }: Operation): readonly string[] {
  return [...(access === "public" ? [] : privateHeaders), ...(deprecated ? deprecatedHeaders : [])];
}
