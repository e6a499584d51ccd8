import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDoubt } from "./doubt.ts";

describe("the doubt", () => {
  const table: readonly [title: string, steps: [nowMs: number, silent: number, total: number, holds: boolean][]][] = [
    ["does not begin when half are silent", [[0, 2, 4, false]]],
    ["begins when more than half are", [[0, 3, 4, true]]],
    ["does not begin among two", [[0, 2, 2, false]]],
    ["begins among three", [[0, 2, 3, true]]],
    ["does not begin when nobody is here", [[0, 0, 0, false]]],
    [
      "ends when they are heard again",
      [
        [0, 3, 3, true],
        [10, 1, 3, false],
      ],
    ],
    [
      "ends after its time while some are heard",
      [
        [0, 3, 4, true],
        [59_999, 3, 4, true],
        [60_000, 3, 4, false],
      ],
    ],
    [
      "has no end while nobody is heard",
      [
        [0, 4, 4, true],
        [9_000_000, 4, 4, true],
      ],
    ],
    [
      "begins anew after it ended",
      [
        [0, 3, 4, true],
        [50_000, 0, 4, false],
        [70_000, 3, 4, true],
      ],
    ],
  ];
  for (const [title, steps] of table) {
    it(title, () => {
      const doubt = createDoubt(60_000);
      for (const [nowMs, silent, total, holds] of steps)
        assert.equal(doubt.hear({ silent, total }, nowMs), holds, `${nowMs}`);
    });
  }
});
