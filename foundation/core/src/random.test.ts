import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom, systemRandom } from "./random.ts";

for (const [name, random] of [
  ["the system's", systemRandom()],
  ["a seeded", seededRandom(1)],
] as const) {
  test(`${name} chance is in [0, 1)`, () => {
    for (let draw = 0; draw < 10_000; draw++) {
      const number = random.next();
      assert.ok(number >= 0 && number < 1, String(number));
    }
  });

  test(`${name} hex has two digits for each byte, however many`, () => {
    for (const length of [0, 1, 8, 16, 4095, 4096, 4097, 10_000])
      assert.match(random.hex(length), new RegExp(`^[0-9a-f]{${2 * length}}$`));
  });

  test(`${name} ids do not repeat`, () => {
    const ids = Array.from({ length: 10_000 }, () => random.hex(8));
    assert.equal(new Set(ids).size, ids.length);
  });

  test(`${name} chance has no favourites among sixteen boxes`, () => {
    const boxes = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 16_000; draw++) boxes[Math.floor(random.next() * 16)]! += 1;
    // 1000 expected in each; 200 is more than six standard deviations.
    for (const count of boxes) assert.ok(Math.abs(count - 1000) < 200, String(boxes));
  });
}

test("a seed always tells the same story, another seed another", () => {
  const story = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.hex(4), random.next()];
  };
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, other) => {
      assert.deepEqual(story(one), story(one));
      if (one !== other) assert.notDeepEqual(story(one), story(other));
    }),
  );
});
