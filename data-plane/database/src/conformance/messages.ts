/** What is published with a transaction: the same on every engine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CantleError } from "@cantle/core";
import { openLetters } from "./letters.ts";
import { type Letter, Postbox } from "./postbox.ts";
import type { Subject } from "./subject.ts";

/** The tests. */
export function messages(subject: Subject): void {
  const skip = !subject.shared && "this engine's databases are never opened twice";

  describe(`${subject.name}: the outbox`, () => {
    test("what a transaction published goes out after it committed, in order", async (t) => {
      const letters = await openLetters(t, subject);
      await letters.write({ id: "a", texts: ["one", "two"] });
      await letters.write({ id: "b", texts: ["three"] });
      await letters.postbox.arrived(3);
      assert.deepEqual(letters.postbox.texts(), ["one", "two", "three"]);
      const [first] = letters.postbox.messages;
      assert.deepEqual([first?.source, first?.key], ["letters", "a"]);
    });

    test("what a transaction published goes nowhere when it fails", async (t) => {
      const letters = await openLetters(t, subject);
      await assert.rejects(letters.write({ id: "a", texts: ["never"], fails: true }));
      await letters.write({ id: "b", texts: ["sent"] });
      await letters.postbox.arrived(1);
      assert.deepEqual(letters.postbox.texts(), ["sent"]);
    });

    test("publishing past the transaction is refused, as is data that the contract does not know", async (t) => {
      const letters = await openLetters(t, subject);
      await assert.rejects(letters.write({ id: "a", texts: [], past: true }), { code: "INTERNAL" });
      await assert.rejects(letters.write({ id: "a", texts: [7 as unknown as string] }), { code: "INTERNAL" });
      assert.match(letters.log(), /TRANSACTION_MISUSED[\s\S]*MESSAGE_INVALID/);
      assert.equal(await letters.rows(), 0);
    });

    test("a message that the broker will not take for its size fails its transaction, as long as that can be told", async (t) => {
      const letters = await openLetters(t, subject);
      letters.postbox.messageBytesMax = 100;
      await assert.rejects(letters.write({ id: "a", texts: ["fits", "x".repeat(100)] }), { code: "INTERNAL" });
      assert.match(letters.log(), /MESSAGE_TOO_LARGE[\s\S]*'letters.written' has \d+ bytes, and 100 are the most/);
      assert.equal(await letters.rows(), 0);
    });

    test("while the broker is away messages wait, and go out in order when it is back", async (t) => {
      const letters = await openLetters(t, subject);
      letters.postbox.refuse(new CantleError("BROKER_UNAVAILABLE", "the broker is away"));
      await letters.write({ id: "a", texts: ["one"] });
      await letters.postbox.refusals(2);
      await letters.write({ id: "a", texts: ["two"] });
      letters.postbox.refuse(undefined);
      await letters.postbox.arrived(2);
      assert.deepEqual(letters.postbox.texts(), ["one", "two"]);
    });

    for (const code of ["MESSAGE_TOO_LARGE", "MESSAGE_INVALID"] as const)
      test(`a message that no broker will ever take (${code}) is put aside, and its neighbours go on`, async (t) => {
        const letters = await openLetters(t, subject);
        const refusal = new CantleError(code, "no broker will ever take this");
        letters.postbox.refuse((letter: Letter) => (letter.text === "wrong" ? refusal : undefined));
        await letters.write({ id: "a", texts: ["one", "wrong", "two"] });
        await letters.postbox.arrived(2);
        assert.deepEqual(letters.postbox.texts(), ["one", "two"]);
      });

    test("what gathered while the broker was away is read in portions, however large its messages are", async (t) => {
      const letters = await openLetters(t, subject);
      letters.postbox.refuse(new CantleError("BROKER_UNAVAILABLE", "the broker is away"));
      const text = "x".repeat(1024 * 1024);
      for (let n = 0; n < 4; n++) await letters.write({ id: `${n}`, texts: [text, text, text] });
      letters.postbox.refuse(undefined);
      await letters.postbox.arrived(12);
      assert.deepEqual(
        letters.postbox.letters.map(({ id }) => Number(id)),
        [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3],
      );
      const largest = Math.max(...letters.postbox.batchBytes);
      assert.ok(largest < 6 * text.length, `a portion of ${largest} bytes`);
    });

    test("what waits when the service stops goes out at the next start", { skip }, async (t) => {
      const url = await subject.newUrl(t);
      const before = await openLetters(t, subject, { url });
      before.postbox.refuse(new CantleError("BROKER_UNAVAILABLE", "the broker is away"));
      await before.write({ id: "a", texts: ["one", "two"] });
      await before.stop();
      const after = await openLetters(t, subject, { url });
      await after.postbox.arrived(2);
      assert.deepEqual(after.postbox.texts(), ["one", "two"]);
    });

    test("instances that share the database lose none, double none, and keep the order of a key", {
      skip,
    }, async (t) => {
      const url = await subject.newUrl(t);
      const postbox = new Postbox();
      const both = [await openLetters(t, subject, { url, postbox }), await openLetters(t, subject, { url, postbox })];
      await Promise.all(
        both.flatMap((letters, at) =>
          [0, 1].map(async (half) => {
            for (let n = 0; n < 20; n++) await letters.write({ id: `${at}${half}`, texts: [`${n}`] });
          }),
        ),
      );
      await postbox.arrived(80);
      for (const key of ["00", "01", "10", "11"])
        assert.deepEqual(
          postbox.letters.filter(({ id }) => id === key).map(({ text }) => Number(text)),
          Array.from({ length: 20 }, (_, n) => n),
        );
    });
  });
}
