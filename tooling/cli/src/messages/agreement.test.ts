import assert from "node:assert/strict";
import { test } from "node:test";
import { testTerminal } from "../fixture.ts";
import { agree } from "./agreement.ts";

const what = "12 messages of the queue 'a.b' will be removed for good";

test("with --yes nobody is asked", async () => {
  const ask = () => assert.fail("somebody was asked");
  await agree({ ...testTerminal(), ask }, { what, name: "a.b", isSaid: true });
});

test("at a terminal the name has to be typed, and nothing else will do", async () => {
  const questions: string[] = [];
  const typing = (answer: string) => {
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    return agree({ ...testTerminal(), ask }, { what, name: "a.b", isSaid: false });
  };
  await typing("a.b");
  await typing(" a.b ");
  for (const answer of ["", "y", "yes", "a.c"]) await assert.rejects(typing(answer), { code: "CANCELLED" }, answer);
  assert.ok(questions.every((question) => question.startsWith(what)));
});

test("where nobody can be asked it is not done, and what would have happened is said", async () => {
  await assert.rejects(agree(testTerminal(), { what, name: "a.b", isSaid: false }), { code: "USAGE", message: what });
});
