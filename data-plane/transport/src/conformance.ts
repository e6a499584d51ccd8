/**
 * What every transport must do, as tests. A transport proves itself by calling `transportConformance` from a test file:
 *
 *     transportConformance("unix", async (setup) => ({ connection, listener, close }));
 *
 * Each test opens its own pair, so none sees another's state. Nothing here measures time: the clock only moves when told to,
 * and every wait is for something that happens.
 */
import { describe } from "node:test";
import { endingsSuite } from "./conformance/endings.ts";
import { failuresSuite } from "./conformance/failures.ts";
import { streamsSuite } from "./conformance/streams.ts";
import {
  type ConformanceLimits,
  type ConformancePair,
  type ConformanceSetup,
  createSuite,
} from "./conformance/suite.ts";
import { travelsSuite } from "./conformance/travels.ts";
import { valuesSuite } from "./conformance/values.ts";

export type { ConformanceLimits, ConformancePair, ConformanceSetup } from "./conformance/suite.ts";

/** Describes the tests of a transport called `name`, whose pairs are made by `connect`. */
export function transportConformance(
  name: string,
  connect: (setup: ConformanceSetup) => Promise<ConformancePair>,
  limits: ConformanceLimits = {},
): void {
  const suite = createSuite(connect, limits);
  describe(`transport ${name}: values`, () => valuesSuite(suite));
  describe(`transport ${name}: what travels with a call`, () => travelsSuite(suite));
  describe(`transport ${name}: failures`, () => failuresSuite(suite));
  describe(`transport ${name}: streams`, () => streamsSuite(suite));
  describe(`transport ${name}: endings`, () => endingsSuite(suite));
}
