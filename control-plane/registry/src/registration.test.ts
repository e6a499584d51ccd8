import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { createWorld } from "./fixture.ts";

function world(test: TestContext, seed?: number) {
  const made = createWorld(seed);
  test.after(() => made.stop());
  const states = () =>
    made.network.registry
      ?.list()
      .map(({ instance, services }) => `${instance} ${services[0]?.state}`)
      .join(", ");
  return Object.assign(made, { states });
}

describe("a registration", () => {
  it("announces its instance at once and keeps it announced", async (test) => {
    const here = world(test);
    here.instance("web-1");
    await here.clock.advance(0);
    assert.equal(here.states(), "web-1 ready");
    await here.clock.advance(60_000);
    assert.equal(here.states(), "web-1 ready");
  });

  it("announces a state before it says that it has", async (test) => {
    const here = world(test);
    const { registration } = here.instance("web-1", "starting");
    await registration.setState("ready");
    assert.equal(here.states(), "web-1 ready");
    await registration.setState("draining", "accounts");
    assert.equal(here.states(), "web-1 ready", "another service is meant");
    await registration.setState("draining", "posts");
    assert.equal(here.states(), "web-1 draining");
  });

  it("announces the last of several states that came at once", async (test) => {
    const here = world(test);
    const { registration } = here.instance("web-1", "starting");
    await Promise.all([
      registration.setState("ready"),
      registration.setState("starting"),
      registration.setState("draining"),
    ]);
    await here.clock.advance(0);
    assert.equal(here.states(), "web-1 draining");
  });

  it("takes its instance out when it stops", async (test) => {
    const here = world(test);
    const { registration, kill } = here.instance("web-1");
    await here.clock.advance(0);
    await registration.stop();
    kill();
    assert.equal(here.states(), "");
  });

  it("announces itself again to a registry that forgot it", async (test) => {
    const here = world(test);
    here.instance("web-1");
    await here.clock.advance(0);
    await here.killRegistry();
    here.startRegistry();
    await here.clock.advance(1_000);
    assert.equal(here.states(), "web-1 ready");
  });

  it("keeps trying while there is no registry, with the state that it has by then", async (test) => {
    const here = world(test);
    await here.killRegistry();
    const { registration } = here.instance("web-1", "starting");
    await here.clock.advance(300_000);
    await registration.setState("ready");
    here.startRegistry();
    await here.clock.advance(1_200);
    assert.equal(here.states(), "web-1 ready");
  });

  it("stops although there is no registry", async (test) => {
    const here = world(test);
    const { registration } = here.instance("web-1");
    await here.killRegistry();
    await registration.stop();
    here.startRegistry();
    await here.clock.advance(10_000);
    assert.equal(here.states(), "");
  });
});
