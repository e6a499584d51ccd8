/** A call that is repeated, or a message that is delivered again, has its effect once: the same on every engine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { delay, systemClock } from "@cantle/core";
import { openLetters } from "./letters.ts";
import type { Subject } from "./subject.ts";

/** The tests. */
export function effects(subject: Subject): void {
  const skip = !subject.shared && "this engine's databases are never opened twice";

  describe(`${subject.name}: effects`, () => {
    test("the same key and input give the same reply, and one effect", async (t) => {
      const letters = await openLetters(t, subject);
      const first = await letters.write({ id: "a", texts: ["one"], key: "k" });
      const again = await letters.write({ id: "a", texts: ["one"], key: "k" });
      assert.deepEqual(again, first);
      assert.equal(await letters.rows(), 1);
      assert.equal(letters.entered(), 1);
    });

    test("the same key with another input is refused, and the key of another user is another key", async (t) => {
      const letters = await openLetters(t, subject);
      await letters.write({ id: "a", texts: ["one"], key: "k" });
      await assert.rejects(letters.write({ id: "a", texts: ["two"], key: "k" }), { code: "KEY_REUSED" });
      await letters.write({ id: "a", texts: ["two"], key: "k", caller: "ann" });
      assert.equal(await letters.rows(), 2);
    });

    test("at once, one of many calls with a key has the effect and all have its reply", async (t) => {
      const letters = await openLetters(t, subject);
      const all = await Promise.all(
        Array.from({ length: 8 }, () => letters.write({ id: "a", texts: ["one"], key: "k" })),
      );
      assert.equal(new Set(all.map(({ number }) => number)).size, 1);
      assert.equal(await letters.rows(), 1);
      await letters.postbox.arrived(1);
    });

    test("a handler that failed after its transaction goes on where it was", async (t) => {
      const letters = await openLetters(t, subject);
      await assert.rejects(letters.write({ id: "a", texts: ["one"], key: "k", failsAfter: 1 }));
      const reply = await letters.write({ id: "a", texts: ["one"], key: "k", failsAfter: 1 });
      assert.equal(reply.number, 1);
      assert.equal(letters.entered(), 2);
      assert.equal(await letters.rows(), 1);
      await letters.postbox.arrived(1);
      assert.deepEqual(letters.postbox.texts(), ["one"]);
    });

    test("a message that is delivered again has its effect once, in transactions and outside", async (t) => {
      const letters = await openLetters(t, subject);
      await assert.rejects(letters.deliver({ id: "m1", to: "a", text: "fails" }));
      await letters.deliver({ id: "m1", to: "a" });
      await letters.deliver({ id: "m1", to: "a" });
      await letters.deliver({ id: "m2", to: "b" });
      assert.deepEqual(await letters.received(), { letters: 2, counted: 2 });
    });

    test("a handler that goes another way when its message comes again is not taken to have been there", async (t) => {
      const letters = await openLetters(t, subject);
      await assert.rejects(letters.deliver({ id: "m1", to: "a", text: "branches" }));
      assert.deepEqual(await letters.received(), { letters: 1, counted: 0 });
      await letters.deliver({ id: "m1", to: "a", text: "branches" });
      assert.deepEqual(await letters.received(), { letters: 0, counted: 1 });
    });

    test("a repeatable transaction runs each time that its message comes", async (t) => {
      const letters = await openLetters(t, subject);
      await letters.deliver({ id: "m1", to: "a", text: "repeats" });
      await letters.deliver({ id: "m1", to: "a", text: "repeats" });
      assert.deepEqual(await letters.received(), { letters: 3, counted: 1 });
    });

    test("what is older than a week is removed, portion by portion, and what is younger stays", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const before = await openLetters(t, subject, { url });
      // Two rows each, so more than a portion.
      for (let n = 0; n < 260; n++) await before.deliver({ id: `m${n}`, to: "a" });
      await before.stop();
      const week = 7 * 24 * 3_600_000;
      const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + week + 1_000 };
      const after = await openLetters(t, subject, { url, clock });
      await after.deliver({ id: "young", to: "a" });
      while ((await after.remembered()) > 2) await delay(systemClock, 5);
      assert.equal(await after.remembered(), 2);
    });

    test("what is forgotten has its effect again", async (t) => {
      const letters = await openLetters(t, subject);
      await letters.deliver({ id: "m1", to: "a" });
      await letters.forget();
      await letters.deliver({ id: "m1", to: "a" });
      assert.deepEqual(await letters.received(), { letters: 2, counted: 2 });
    });

    test("keys are remembered over a restart, with the reply", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const before = await openLetters(t, subject, { url });
      const first = await before.write({ id: "a", texts: ["one"], key: "k" });
      await before.stop();
      const after = await openLetters(t, subject, { url });
      assert.deepEqual(await after.write({ id: "a", texts: ["one"], key: "k" }), first);
      assert.equal(after.entered(), 0);
    });

    test("without a key every call has its effect", async (t) => {
      const letters = await openLetters(t, subject);
      await letters.write({ id: "a", texts: ["one"] });
      await letters.write({ id: "a", texts: ["one"] });
      assert.equal(await letters.rows(), 2);
    });
  });
}
