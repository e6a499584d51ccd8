/** From a bootstrap token to an endpoint in another unit's view: identity and registry over the real wire, as a host uses them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import type { Client, Contract } from "@cantle/contract";
import { systemClock as clock, createDeadlines, type Peer, systemRandom } from "@cantle/core";
import { createIssuer, createUnitToken, identity, identityService, openKeyring, unitOfPeer } from "@cantle/identity";
import { type Endpoint, staticResolver } from "@cantle/mesh";
import { clientAs, runService } from "@cantle/service";
import { silentLogger as log } from "@cantle/telemetry";
import { type Connection, dialWire, listenWire } from "@cantle/transport";
import { announced } from "./fixture.ts";
import {
  createRegistration,
  createRegistry,
  createRegistryResolver,
  type LeasePolicy,
  leasesDefault,
  registry,
  registryService,
} from "./index.ts";

const random = systemRandom();
const mesh = { clock, random, deadlines: createDeadlines(clock), log };

/** Identity and registry in one platform unit, behind doors that ask the issuer's verifier. */
async function startPlatform(test: TestContext, leases: LeasePolicy = leasesDefault) {
  const folder = await mkdtemp(join(tmpdir(), "cantle-"));
  const address = `unix:${join(folder, "platform.sock")}`;
  const keyring = await openKeyring({ folder: join(folder, "keys"), clock, random, log });
  const issuer = createIssuer({ system: "blog", keyring, clock, random, log });
  const running = createRegistry({ clock, log, leases });
  const host = {
    ...mesh,
    resolver: staticResolver(),
    dial: () => assert.fail("the platform calls nobody"),
    config: {},
    engineOf: () => assert.fail("it owns nothing"),
  };
  const services = [
    await runService(identityService(issuer), host),
    await runService(registryService(running, unitOfPeer), host),
  ];
  const served = services.flatMap((service) => service.served);
  const listener = await listenWire(
    address,
    {
      find: (service, name) => served.find(({ operation }) => operation.service === service && operation.name === name),
      list: () => served,
      peerOf: (token, service) => issuer.verifier.peer(token, service),
      callerOf: (assertion) => issuer.verifier.caller(assertion),
    },
    { clock, random },
  );
  test.after(async () => {
    await listener.stop(0);
    for (const service of services) await service.stop();
    await running.stop();
    await keyring.stop();
    await rm(folder, { recursive: true });
  });
  return { issuer, running, address };
}

/** Connections to the platform, each with the token it was opened with. */
function connectTo(test: TestContext, address: string, opened: Connection[] = []) {
  return (token: string, service = "host") => {
    const connection = dialWire(address, { clock, token, services: [service] });
    opened.push(connection);
    test.after(() => connection.close());
    const resolver = staticResolver();
    for (const name of ["identity", "registry"]) {
      const endpoint: Endpoint = { id: "platform-1", service: name, version: "1.0.0", state: "ready", address };
      resolver.set(name, [endpoint]);
    }
    const peer: Peer = { service, uses: "*" };
    return <C extends Contract<string, any>>(contract: C): Client<C> =>
      clientAs(contract, peer, { ...mesh, resolver, dial: () => connection.handle });
  };
}

it("a unit gets its token, announces itself, is seen, and goes", async (test) => {
  const { issuer, address, running } = await startPlatform(test);
  const connect = connectTo(test, address);
  const unitToken = async (unit: string, uses: Record<string, string[]>) => {
    const { token: bootstrap } = await issuer.bootstrap({ unit, services: Object.keys(uses) });
    const client = connect(bootstrap)(identity);
    const token = createUnitToken({ client, bootstrap, instance: `${unit}-1`, uses, clock, log });
    test.after(() => token.stop());
    await token.start();
    return { bootstrap, token: token.current() };
  };
  const web = await unitToken("web", { posts: [] });
  const billing = await unitToken("billing", { invoices: [] });

  const resolver = createRegistryResolver({ client: connect(billing.token)(registry), clock, random, log });
  test.after(() => resolver.stop());
  await resolver.ready();
  const changed = () => new Promise<void>((resolve) => void resolver.watch("posts", resolve));
  const appeared = changed();
  const registration = createRegistration({
    client: connect(web.token)(registry),
    instance: "web-1",
    services: [announced("web-1")],
    clock,
    random,
    log,
  });
  await appeared;
  const endpoint = { id: "web-1", service: "posts", version: "1.0.0", state: "ready", address: "unix:/run/web-1.sock" };
  assert.deepEqual(resolver.view("posts").endpoints, [endpoint]);

  const refused = { code: "DECLARED", failure: "LeaseRefused" };
  await assert.rejects(connect(billing.token)(registry).deregister({ instance: "web-1" }), refused);
  await assert.rejects(
    connect(web.token)(registry).register({
      instance: "web-1",
      services: [{ ...announced("x"), service: "invoices" }],
    }),
    refused,
  );
  await assert.rejects(
    connect(web.token, "posts")(registry).list(),
    { code: "PEER_REFUSED" },
    "posts did not declare it",
  );
  await assert.rejects(
    connect(web.token, "gateway")(registry).list(),
    { code: "PEER_REFUSED" },
    "web does not host it",
  );
  await assert.rejects(
    connect(web.bootstrap)(registry).list(),
    { code: "PEER_REFUSED" },
    "a bootstrap token is for identity",
  );
  await assert.rejects(connect("")(registry).list(), { code: "PEER_REFUSED" });
  await assert.rejects(connect(web.token)(identity).mint({ subject: "root" }), {
    code: "DECLARED",
    failure: "NotAllowed",
  });
  assert.equal(running.list().length, 1);

  const gone = changed();
  await registration.stop();
  await gone;
  assert.deepEqual(resolver.view("posts").endpoints, []);
});

it("a unit whose connection breaks is gone long before its lease is over, and one that is only silent is not", async (test) => {
  const hourMs = 3_600_000;
  // Heartbeats are a third of this apart, so nothing but connections can be what is seen here.
  const { issuer, address, running } = await startPlatform(test, {
    ...leasesDefault,
    leaseMs: hourMs,
    stalledMs: hourMs,
  });
  const start = async (instance: string) => {
    const opened: Connection[] = [];
    const { token: bootstrap } = await issuer.bootstrap({ unit: "web", services: ["posts"] });
    const { token } = await issuer.unit({ proof: bootstrap, instance, uses: { posts: [] } });
    const client = connectTo(test, address, opened)(token)(registry);
    const resolver = createRegistryResolver({ client, clock, random, log });
    await resolver.ready();
    await client.register({ instance, services: [announced(instance)] });
    return { resolver, client, break: () => Promise.all(opened.map((connection) => connection.close())) };
  };
  const first = await start("web-1");
  const second = await start("web-2");
  const gone = new Promise<void>((resolve) => void second.resolver.watch("posts", resolve));
  await first.break();
  await gone;
  assert.deepEqual(
    running.list().map(({ instance }) => instance),
    ["web-2"],
  );
  await Promise.all([first.resolver.stop(), second.resolver.stop()]);
});
