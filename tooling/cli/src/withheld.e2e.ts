/** What each unit is told of the environment and of `--set`: its own, and what is nobody's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { greeter, launch, systemOf, testFolder } from "./fixture.ts";

const telling = greeter().replace(
  /greet: async .*/,
  "greet: async ({ name }, { config }) => ({ text: `${Object.keys(process.env).filter((each) => each.endsWith(name))} ${config.mark}` }),",
);

test("a unit does not see the variables and --set keys of services that run elsewhere", {
  timeout: 60_000,
}, async () => {
  await using folder = await testFolder({
    "system.ts": systemOf("s", ["greetings", "mail"]),
    "greetings.ts": telling,
    "mail.ts": telling.replaceAll("greetings", "mail"),
  });
  const env = { GREETINGS_X_PROBE: "secret", MAIL_Y_PROBE: "secret", Z_PROBE: "open", LOG_LEVEL: "error" };
  const words = ["start", "--port", "0", "--units", "each", "--set", "greetings.mark=1", "--set", "mail.mark=2"];
  await using running = launch(words, { cwd: folder.path, env });
  const [, gateway] = await running.until(/ready at (\S+)/);
  const told = async (service: string) => {
    const { text } = (await (await fetch(`${gateway}/${service}/PROBE`)).json()) as { text: string };
    return text.split(/[ ,]/).sort();
  };
  assert.deepEqual(await told("greetings"), ["1", "GREETINGS_X_PROBE", "Z_PROBE"]);
  assert.deepEqual(await told("mail"), ["2", "MAIL_Y_PROBE", "Z_PROBE"]);
});
