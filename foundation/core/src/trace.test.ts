import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "./random.ts";
import { formatTrace, newTrace, parseTrace } from "./trace.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test("what is written is read back", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, sampled) => {
      const trace = newTrace(seededRandom(seed), sampled);
      const { traceId, spanId } = trace;
      assert.deepEqual(parseTrace(formatTrace(trace)), { traceId, spanId, sampled });
      assert.deepEqual([trace.traceId, trace.spanId], [traceId, spanId]);
    }),
  );
});

test("the standard's own example is understood", () => {
  assert.deepEqual(parseTrace(`00-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true });
  assert.deepEqual(parseTrace(`00-${traceId}-${spanId}-00`), { traceId, spanId, sampled: false });
});

test("a later version may say more behind a dash; version 00 may not", () => {
  assert.deepEqual(parseTrace(`01-${traceId}-${spanId}-01-more`), { traceId, spanId, sampled: true });
  assert.equal(parseTrace(`00-${traceId}-${spanId}-01-more`), undefined);
  assert.equal(parseTrace(`01-${traceId}-${spanId}-01more`), undefined);
});

const malformed = [
  undefined,
  "",
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}`,
  ` 00-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01\n`,
  `01-${traceId}-${spanId}-01-${"x".repeat(65_536)}`,
];

for (const text of malformed) {
  test(`${JSON.stringify(text)?.slice(0, 80)} begins a new trace`, () => assert.equal(parseTrace(text), undefined));
}

test("anything at all is a trace or nothing, never an error", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (parent, state) => void parseTrace(parent, state)));
});

test("the state is passed on unread, unless it is over its limit", () => {
  const parent = `00-${traceId}-${spanId}-01`;
  assert.equal(parseTrace(parent, "a=1,b=2")?.state, "a=1,b=2");
  assert.equal(parseTrace(parent, "x".repeat(512))?.state?.length, 512);
  assert.equal("state" in (parseTrace(parent, "x".repeat(513)) ?? {}), false);
  assert.equal("state" in (parseTrace(parent, "") ?? {}), false);
});
