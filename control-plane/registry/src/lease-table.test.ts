import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Announced, Owner } from "./instance.ts";
import { type LeaseEvent, LeaseTable } from "./lease-table.ts";
import { limitsDefault } from "./limits.ts";

const owner = (instance: string, unit = "web", services = ["posts", "accounts"]): Owner => ({
  unit,
  instance,
  services: new Set(services),
  platform: false,
});
const supervisor: Owner = { unit: "supervisor", instance: "supervisor-1", services: new Set(), platform: true };
const posts = (address: string): Announced[] => [
  { service: "posts", version: "1.0.0", addresses: [address], state: "ready", metadata: {} },
];

function table() {
  const made = new LeaseTable();
  const apply = (event: LeaseEvent, nowMs: number) => {
    const { known, changes } = made.apply(event, nowMs);
    const shown = changes.map((change) =>
      change.kind === "put" ? `+${change.instance.instance}` : `-${change.instance} ${change.reason}`,
    );
    return known ? shown.join(" ") : "unknown";
  };
  return {
    ids: () =>
      made
        .list()
        .map(({ instance }) => instance)
        .join(" "),
    isDoubting: () => made.isDoubting,
    register: (instance: string, nowMs = 0, by = owner(instance), services = posts(`unix:/run/${instance}`)) =>
      apply({ kind: "register", owner: by, instance, services }, nowMs),
    beat: (instance: string, nowMs: number, by = owner(instance)) =>
      apply({ kind: "heartbeat", owner: by, instance }, nowMs),
    state: (instance: string, nowMs: number, by = owner(instance)) =>
      apply({ kind: "state", owner: by, instance, state: "draining" }, nowMs),
    leave: (instance: string, nowMs: number, by = owner(instance)) =>
      apply({ kind: "deregister", owner: by, instance }, nowMs),
    attach: (instance: string, nowMs: number) => apply({ kind: "attach", instance }, nowMs),
    detach: (instance: string, nowMs: number) => apply({ kind: "detach", instance }, nowMs),
    tick: (nowMs: number) => apply({ kind: "tick" }, nowMs),
    /** Ticks as the registry does, so that the table never seems to have slept. */
    tickUntil(fromMs: number, untilMs: number) {
      const seen = [];
      for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 250) seen.push(this.tick(nowMs));
      return seen.filter(Boolean).join(" ");
    },
  };
}

describe("a lease", () => {
  it("begins with the announcement and ends three seconds after the last heartbeat", () => {
    const leases = table();
    assert.equal(leases.register("a"), "+a");
    assert.equal(leases.tickUntil(0, 2_750), "");
    assert.equal(leases.beat("a", 2_900), "");
    assert.equal(leases.tickUntil(3_000, 5_750), "");
    assert.equal(leases.tickUntil(5_900, 6_150), "-a expired");
    assert.equal(leases.beat("a", 6_200), "unknown");
  });

  it("is renewed, and nobody told, by the same announcement", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.register("a", 2_000), "");
    assert.equal(leases.tickUntil(2_000, 4_750), "");
  });

  it("shows a new address at once", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.register("a", 10, owner("a"), posts("unix:/run/new")), "+a");
  });

  it("shows a new state at once, and a state is no sign of life", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.state("a", 2_000), "+a");
    assert.equal(leases.tickUntil(2_000, 3_000), "-a expired");
    assert.equal(leases.state("a", 3_000), "unknown");
  });

  it("ends when the instance leaves; leaving twice is the same", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.leave("a", 10), "-a left");
    assert.equal(leases.leave("a", 20), "unknown");
  });
});

describe("an instance that watches", () => {
  it("is there while its watch is open, though it is silent for longer than a lease", () => {
    const leases = table();
    leases.attach("a", 0);
    leases.register("a", 100);
    assert.equal(leases.tickUntil(250, 15_000), "");
    leases.beat("a", 15_100);
    assert.equal(leases.tickUntil(15_250, 35_000), "");
    assert.equal(leases.tickUntil(35_100, 35_100), "-a expired", "but not for ever");
  });

  it("is gone a moment after its watch broke", () => {
    const leases = table();
    leases.register("a");
    leases.attach("a", 0);
    leases.beat("a", 2_000);
    leases.tickUntil(0, 2_000);
    leases.detach("a", 2_100);
    assert.equal(leases.tickUntil(2_250, 2_500), "");
    assert.equal(leases.tick(2_700), "-a expired");
  });

  it("is not when it is heard again by then, on another watch or by a heartbeat", () => {
    for (const back of ["attach", "beat"] as const) {
      const leases = table();
      leases.register("a");
      leases.attach("a", 0);
      leases.tickUntil(0, 1_000);
      leases.detach("a", 1_000);
      leases[back]("a", 1_500);
      assert.equal(leases.tickUntil(1_750, 4_250), "", back);
    }
  });

  it("is not while another of its watches is open", () => {
    const leases = table();
    leases.register("a");
    leases.attach("a", 0);
    leases.attach("a", 500);
    leases.detach("a", 600);
    assert.equal(leases.tickUntil(750, 10_000), "");
  });

  it("may watch before it announces itself, and after it left", () => {
    const leases = table();
    assert.equal(leases.attach("a", 0), "unknown");
    leases.register("a");
    leases.leave("a", 100);
    assert.equal(leases.detach("a", 200), "unknown");
    leases.register("a", 300);
    assert.equal(leases.tickUntil(300, 3_250), "");
    assert.equal(leases.tick(3_300), "-a expired", "it watches no more, and has an ordinary lease");
  });

  it("is not given up with most others whose watches broke at the same moment", () => {
    const leases = table();
    for (const id of ["a", "b", "c", "d"]) {
      leases.register(id);
      leases.attach(id, 0);
    }
    leases.tickUntil(0, 1_000);
    for (const id of ["a", "b", "c"]) leases.detach(id, 1_000);
    assert.equal(leases.tickUntil(1_250, 1_750), "");
    assert.ok(leases.isDoubting());
  });
});

describe("a lease belongs to one instance of one unit", () => {
  const intruders: readonly [title: string, by: Owner][] = [
    ["another unit", owner("b-1", "billing")],
    ["another unit with the instance's name", owner("a", "billing")],
    ["another instance of the unit", owner("b")],
    ["a unit whose name differs by case", owner("a", "Web")],
  ];
  for (const [title, by] of intruders) {
    it(`and ${title} cannot announce, renew, change or end it`, () => {
      const leases = table();
      leases.register("a");
      for (const act of [leases.register, leases.beat, leases.state, leases.leave])
        assert.throws(() => act("a", 10, by), { code: "LEASE_REFUSED" });
      assert.equal(leases.ids(), "a");
    });
  }

  it("and an instance that does not exist cannot be announced for somebody else", () => {
    assert.throws(() => table().register("b", 0, owner("a")), { code: "LEASE_REFUSED" });
  });

  it("but the platform may act for any, and the unit stays what it was", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.state("a", 10, supervisor), "+a");
    assert.equal(leases.beat("a", 20), "", "it is still web's");
    assert.equal(leases.leave("a", 30, supervisor), "-a left");
  });

  it("and announces only services that its token lists", () => {
    const foreign = [...posts("unix:/run/a"), { ...posts("unix:/run/a")[0], service: "billing" } as Announced];
    for (const services of [
      foreign,
      [{ ...foreign[0], service: "Posts" } as Announced],
      [{ ...foreign[0], service: "__proto__" } as Announced],
    ])
      assert.throws(() => table().register("a", 0, owner("a"), services), { code: "LEASE_REFUSED" });
  });
});

describe("an address belongs to one instance", () => {
  it("and a successor in the unit inherits it", () => {
    const leases = table();
    leases.register("a");
    assert.equal(leases.register("b", 100, owner("b"), posts("unix:/run/a")), "-a replaced +b");
  });

  it("and another unit does not, while its holder is alive", () => {
    const leases = table();
    leases.register("gateway-1", 0, owner("gateway-1", "gateway", ["posts"]));
    assert.throws(() => leases.register("a", 100, owner("a"), posts("unix:/run/gateway-1")), { code: "LEASE_REFUSED" });
    assert.equal(leases.register("a", 3_000, owner("a"), posts("unix:/run/gateway-1")), "-gateway-1 replaced +a");
  });
});

describe("the table doubts itself", () => {
  const three = () => {
    const leases = table();
    for (const id of ["a", "b", "c"]) leases.register(id);
    return leases;
  };

  it("and keeps the last view when it loses sight of all", () => {
    const leases = three();
    assert.equal(leases.tickUntil(0, 600_000), "");
    assert.ok(leases.isDoubting());
    assert.equal(leases.ids(), "a b c");
  });

  it("even when they fall silent one after the other within one lease", () => {
    const leases = table();
    for (const [index, id] of ["a", "b", "c", "d", "e"].entries()) leases.register(id, index * 300);
    assert.equal(leases.tickUntil(0, 60_000), "");
  });

  it("until they are heard again", () => {
    const leases = three();
    leases.tickUntil(0, 10_000);
    for (const id of ["a", "b", "c"]) assert.equal(leases.beat(id, 10_100), "", "they are still known");
    leases.tickUntil(10_250, 10_500);
    assert.ok(!leases.isDoubting());
  });

  it("for a minute at most while it hears some of them", () => {
    const leases = three();
    const seen: string[] = [];
    for (let nowMs = 0; nowMs <= 70_000; nowMs += 250) {
      if (nowMs % 1_000 === 0) leases.beat("a", nowMs);
      seen.push(leases.tick(nowMs) && `${nowMs} ${leases.ids()}`);
    }
    assert.deepEqual(seen.filter(Boolean), ["61750 a"]);
  });

  it("and lets those go of whom it is told", () => {
    const leases = three();
    leases.tickUntil(0, 10_000);
    assert.equal(leases.leave("b", 10_000, supervisor), "-b left");
  });

  it("not when one of three dies: that one is gone after its lease", () => {
    const leases = three();
    for (let nowMs = 0; nowMs < 3_000; nowMs += 250) {
      for (const id of ["a", "b"]) leases.beat(id, nowMs);
      assert.equal(leases.tick(nowMs), "");
    }
    assert.equal(leases.tick(3_000), "-c expired");
  });

  it("not when there are only two", () => {
    const leases = table();
    leases.register("a");
    leases.register("b");
    assert.equal(leases.tickUntil(0, 3_000), "-a expired -b expired");
  });

  it("when it was itself asleep: every lease begins anew", () => {
    const leases = table();
    leases.register("a");
    leases.tickUntil(0, 1_000);
    assert.equal(leases.tick(9_000), "");
    assert.equal(leases.tickUntil(9_250, 11_750), "");
    assert.equal(leases.tickUntil(12_000, 12_000), "-a expired");
  });
});

describe("the table is bounded", () => {
  it("by instances of one unit, however many names it has for itself", () => {
    const leases = table();
    for (let index = 0; index < limitsDefault.unitInstancesMax; index++) leases.register(`a${index}`);
    assert.throws(() => leases.register("one-more"), { code: "OVERLOADED" });
    assert.equal(
      leases.register("a0", 10, owner("a0"), posts("unix:/run/elsewhere")),
      "+a0",
      "those that are here may go on",
    );
    assert.equal(leases.register("b-1", 10, owner("b-1", "billing")), "+b-1", "and other units are not harmed");
  });

  it("by instances in all", () => {
    const small = new LeaseTable(undefined, { ...limitsDefault, instancesMax: 2 });
    const register = (instance: string) =>
      small.apply(
        { kind: "register", owner: owner(instance, instance), instance, services: posts(`unix:/run/${instance}`) },
        0,
      );
    register("a");
    register("b");
    assert.throws(() => register("c"), { code: "OVERLOADED" });
  });
});
