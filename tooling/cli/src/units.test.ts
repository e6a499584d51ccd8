import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf } from "./row-fixture.ts";
import { gatewayIn, isPlatform, isVital, unitsOf } from "./units.ts";

const nowMs = Date.parse("2026-01-01T00:00:12.345Z");

test("rows become units with their instances, every one with the same members", () => {
  const error = { code: "SERVICE_BROKEN", text: "error[SERVICE_BROKEN]: x" } as const;
  const units = unitsOf(
    [
      rowOf("web-1", { services: ["posts"], addresses: ["unix:/run/web-1.sock"], restarts: 2 }),
      rowOf("mail-1", { services: ["mail"], state: "failed", pid: null, startedAt: null, lastError: error }),
      rowOf("web-2", { services: ["posts"] }),
    ],
    nowMs,
  );
  assert.deepEqual(
    units.map(({ unit, services, instances }) => [unit, services, instances.map(({ instance }) => instance)]),
    [
      ["web", ["posts"], ["web-1", "web-2"]],
      ["mail", ["mail"], ["mail-1"]],
    ],
  );
  assert.deepEqual(units[0]?.instances[0], {
    instance: "web-1",
    pid: 4711,
    state: "ready",
    addresses: ["unix:/run/web-1.sock"],
    services: ["posts"],
    restarts: 2,
    startedAt: "2026-01-01T00:00:00.000Z",
    lastError: null,
    load: null,
    limits: null,
    uptimeSeconds: 12.3,
  });
  assert.deepEqual([units[1]?.instances[0]?.uptimeSeconds, units[1]?.instances[0]?.lastError], [null, error]);
});

test("the gateway is the unit of that name, and in one process the only unit", () => {
  const http = "http://127.0.0.1:8080";
  const service = rowOf("web-1", { addresses: ["http://127.0.0.1:9999"] });
  assert.equal(gatewayIn([service, rowOf("gateway-1", { addresses: [http] })]), http);
  assert.equal(gatewayIn([rowOf("one-1", { addresses: [http] }), rowOf("mail-1", { state: "failed" })]), http);
  assert.equal(gatewayIn([service, rowOf("gateway-1", { state: "failed", addresses: [http] })]), undefined);
  assert.equal(gatewayIn([]), undefined);
});

test("control, gateway and broker are the platform's, and without the first two nothing can be called", () => {
  const units = ["control", "gateway", "broker", "web", "one"];
  assert.deepEqual(units.map(isPlatform), [true, true, true, false, false]);
  assert.deepEqual(units.map(isVital), [true, true, false, false, false]);
});
