/** Connections by name, over real sockets: new ones are made while the names cannot be found any more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock as clock, systemRandom } from "@cantle/core";
import { callOf, createBackend, echo, peerToken } from "./conformance/backend.ts";
import { dialHttp } from "./http/dial.ts";
import { listenHttp } from "./http/listen.ts";
import { createLookup } from "./lookup.ts";
import type { Connection, Doors, Listener } from "./transport.ts";
import { dialWire } from "./wire/dial.ts";
import { listenWire } from "./wire/listen.ts";

const random = systemRandom();
const token = () => peerToken;

interface Way {
  listen(doors: Doors, port: number): Promise<Listener>;
  dial(address: string, lookup: ReturnType<typeof createLookup>): Connection;
}

const ways: Record<string, Way> = {
  tcp: {
    listen: (doors, port) => listenWire(`tcp://127.0.0.1:${port}`, doors, { clock, random }),
    dial: (address, lookup) => dialWire(address, { clock, token: peerToken, services: ["orders"], lookup }),
  },
  http: {
    listen: (doors, port) => listenHttp(doors, { clock, port }),
    dial: (address, lookup) => dialHttp(address, { clock, token, lookup }),
  },
};

for (const [scheme, { listen, dial }] of Object.entries(ways))
  test(`${scheme}: a connection that broke is made anew though the name is not found any more`, async (test) => {
    const { doors } = createBackend();
    let listener = await listen(doors, 0);
    test.after(() => listener.stop(0));
    const port = Number(new URL(listener.address).port);
    let find = async () => [{ address: "127.0.0.1", family: 4 }];
    let asked = 0;
    const lookup = createLookup({
      clock,
      freshMs: 0,
      find: () => {
        asked++;
        return find();
      },
    });
    const connection = dial(`${scheme}://ledger.internal:${port}`, lookup);
    test.after(() => connection.close());
    await connection.handle(callOf(echo));
    assert.equal(asked, 1);
    for (const fault of [() => Promise.reject(new Error("SERVFAIL")), async () => []]) {
      find = fault;
      await listener.stop(0);
      listener = await listen(doors, port);
      // The first may meet the connection that was cut, which is known to whoever calls.
      await connection.handle(callOf(echo)).catch(() => connection.handle(callOf(echo)));
    }
    assert.ok(asked > 1, "it was asked anew, or this shows nothing");
  });

test("a name that was never found is a call that was never sent", async (test) => {
  const lookup = createLookup({ clock, find: async () => [] });
  for (const [scheme, { dial }] of Object.entries(ways)) {
    const connection = dial(`${scheme}://nowhere.internal:9`, lookup);
    test.after(() => connection.close());
    await assert.rejects(connection.handle(callOf(echo)), { code: "CONNECT_FAILED" });
  }
});
