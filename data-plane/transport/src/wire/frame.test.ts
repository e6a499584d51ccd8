import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cursor } from "./cursor.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";

const frameBytesMax = 1 << 20;

function written(write: (writer: FrameWriter) => void): Buffer {
  const chunks: Uint8Array[] = [];
  const writer = new FrameWriter(frameBytesMax, (ready) => chunks.push(...ready));
  write(writer);
  writer.flush();
  return Buffer.concat(chunks);
}

test("frames of any size, cut anywhere, arrive as they were written", () => {
  const size = fc.oneof(fc.nat(100), fc.integer({ min: 8_000, max: 9_000 }), fc.integer({ min: 60_000, max: 140_000 }));
  const bodies = fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }), (list, cuts) => {
      const bytes = written((writer) => {
        for (const [n, [length, asText]] of list.entries()) {
          writer.begin(5, n + 1, 3);
          writer.u8(n);
          writer.u16(length & 0xffff);
          assert.ok(asText ? writer.endWithText("é".repeat(length)) : writer.endWith(Buffer.alloc(length, n)));
        }
      });
      const seen: string[] = [];
      const cursor = new Cursor();
      const reader = new FrameReader(frameBytesMax, (kind, call, frame) => {
        cursor.set(frame.bytes, frame.at, frame.end);
        const [first, length] = [cursor.u8(), cursor.u16()];
        seen.push(`${kind} ${call} ${first} ${length} ${cursor.rest().length}`);
      });
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + cuts[turn % cuts.length]!;
        reader.push(bytes.subarray(at, end));
        at = end;
      }
      const sent = list.map(
        ([length, asText], n) => `5 ${n + 1} ${n} ${length & 0xffff} ${asText ? length * 2 : length}`,
      );
      assert.deepEqual(seen, sent);
    }),
    { numRuns: 100 },
  );
});

test("a frame that the peer does not take is taken back whole, and the next one is as if it had not been", () => {
  for (const end of [
    (writer: FrameWriter) => writer.endWith(Buffer.alloc(frameBytesMax)),
    (writer: FrameWriter) => writer.endWithText("x".repeat(frameBytesMax)),
    (writer: FrameWriter) => writer.endWithCopy(Buffer.alloc(frameBytesMax)),
  ]) {
    const bytes = written((writer) => {
      writer.begin(5, 1, 0);
      writer.end();
      writer.begin(5, 2, 0);
      assert.equal(end(writer), false);
      writer.begin(5, 3, 0);
      writer.end();
    });
    assert.equal(bytes.toString("hex"), "000000050500000001000000050500000003");
  }
});

test("a copied body is as it was, whatever its owner does with it afterwards", () => {
  for (const length of [1, 100, 8_000, 8_192, 8_193, 100_000]) {
    const bytes = written((writer) => {
      // Several, so that some end up where the chunk has no room for them.
      for (let n = 0; n < 20; n++) {
        const body = Buffer.alloc(length, 1);
        writer.begin(5, 1, 0);
        writer.endWithCopy(body);
        body.fill(2);
      }
    });
    const bodies = Array.from({ length: 20 }, (_, n) => bytes.subarray(n * (length + 9) + 9, (n + 1) * (length + 9)));
    for (const body of bodies) assert.ok(body.equals(Buffer.alloc(length, 1)), `a body of ${length}`);
  }
});

test("a frame that was begun and given up was never there", () => {
  const bytes = written((writer) => {
    writer.begin(2, 1, 600);
    assert.throws(() => writer.text8("x".repeat(256)), { code: "HEADERS_TOO_LARGE" });
    writer.begin(9, 0, 0);
    writer.end();
  });
  assert.equal(bytes.toString("hex"), "000000050900000000");
});

test("all frames of a turn leave together, without being asked to", async () => {
  const writes: number[] = [];
  const writer = new FrameWriter(frameBytesMax, (chunks) => writes.push(Buffer.concat(chunks).length));
  for (let call = 1; call <= 100; call++) {
    writer.begin(9, call, 0);
    writer.end();
    // Handlers answer in later microtasks of the same turn.
    await undefined;
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    writes.reduce((sum, bytes) => sum + bytes),
    900,
  );
  assert.ok(writes.length <= 2, `${writes.length} writes`);
});

test("what a chunk held before is never sent: only written bytes leave", () => {
  const bytes = written((writer) => {
    writer.begin(2, 1, 5000);
    writer.hex("zz", 2);
    writer.end();
  });
  assert.equal(bytes.toString("hex"), "000000070200000001" + "0000");
});

for (const [name, hex] of Object.entries({
  "no kind": "0000000401",
  "one byte too many": "0010000105",
  "2^32-1": "ffffffff05",
})) {
  test(`a length of ${name} is refused as soon as it is read`, () => {
    const reader = new FrameReader(frameBytesMax, () => assert.fail("a frame"));
    const bytes = Buffer.from(hex, "hex");
    for (let at = 0; at < 3; at++) reader.push(bytes.subarray(at, at + 1));
    assert.throws(() => reader.push(bytes.subarray(3, 5)), { code: "FRAME_INVALID" });
  });
}

test("no field is read past the end of its frame", () => {
  const bytes = Buffer.from("ff".repeat(40), "hex");
  const reads: ((cursor: Cursor) => unknown)[] = [
    (cursor) => cursor.u8(),
    (cursor) => cursor.u16(),
    (cursor) => cursor.u32(),
    (cursor) => cursor.size(),
    (cursor) => cursor.text8(),
    (cursor) => cursor.text16(),
    (cursor) => cursor.hex(24),
  ];
  for (const [n, read] of reads.entries()) {
    for (let length = 0; length < [1, 2, 4, 8, 256, 65_537, 24][n]!; length++) {
      if (length > 30 && length < 250) continue;
      assert.throws(() => read(new Cursor().set(bytes, 5, 5 + Math.min(length, 30))), { code: "FRAME_INVALID" });
      if (length > 260) break;
    }
  }
  assert.equal(new Cursor().set(bytes, 5, 5).rest().length, 0);
});

test("a size past 2^53 is refused", () => {
  const cursor = new Cursor().set(Buffer.from("0020000000000000", "hex"), 0, 8);
  assert.throws(() => cursor.size(), { code: "FRAME_INVALID" });
});
