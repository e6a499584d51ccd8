import assert from "node:assert/strict";
import { test } from "node:test";
import { tell } from "./finding.ts";
import { readRepository } from "./repository.ts";
import { rules } from "./rules.ts";

const repository = readRepository();

for (const rule of rules) {
  test(rule.title, () => {
    const findings = rule.check(repository);
    if (findings.length > 0) assert.fail(tell(rule, findings));
  });
}
