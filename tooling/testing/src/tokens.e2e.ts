/**
 * Tokens against a running system with its real issuer: what is refused, how, and that no handler is entered. At the gateway,
 * and at the doors between services, where only units of the system have any business.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { identity } from "@cantle/identity";
import {
  hmacTokens,
  type Key,
  makeKey,
  readKeys,
  storeKeys,
  tokenOf,
  tokenSigned,
  userClaims,
} from "../fixtures/guarded/forge.ts";
import { stranger } from "../fixtures/guarded/stranger.ts";
import { vault } from "../fixtures/guarded/vault.ts";
import { type Placed, startPlaced } from "../fixtures/placed.ts";
import { converse, hello, request } from "../fixtures/wire.ts";

const guarded = join(import.meta.dirname, "../fixtures/guarded/system.ts");

/** One that signed its last token nine days ago, and one that signs. */
const goneKey = makeKey(16);
const key = makeKey(9);
const foreignKey = makeKey();
const seconds = Math.floor(Date.now() / 1000);

const inside = (typ: string, claims: object) =>
  tokenOf(key, { header: { typ }, claims: userClaims({ aud: "guarded:inside", ...claims }) });
const callerToken = inside("cantle-caller+jwt", {});
const bootstrapToken = inside("cantle-bootstrap+jwt", { sub: "vault", services: ["vault"] });
const unitToken = (services: object, claims: object = {}) =>
  inside("cantle-unit+jwt", { sub: "u", instance: "u-1.1", services, platform: false, ...claims });
const good = tokenOf(key);
const [head = "", body = "", signature = ""] = good.split(".");

/** What nobody may come in with, by family. */
const refused: Record<string, string[]> = {
  "no algorithm": ["none", "None", "nOnE", ""].flatMap((alg) => {
    const token = tokenOf(key, { header: { alg } });
    return [token, token.slice(0, token.lastIndexOf(".") + 1)];
  }),
  "another algorithm": ["ES384", "RS256", "EdDSA", "dir"].map((alg) => tokenOf(key, { header: { alg } })),
  "HMAC with the public key": hmacTokens(key),
  "no signature, zeros for one, or one in DER": (["none", "zeros", "der"] as const).map((form) =>
    tokenSigned(key, form),
  ),
  "an altered part": [
    `${head}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
    `${head}.${tokenOf(key, { claims: userClaims({ sub: "eve" }) }).split(".")[1]}.${signature}`,
    `${tokenOf(key, { header: { x: 1 } }).split(".")[0]}.${body}.${signature}`,
    `${good}=`,
    `${good}.`,
    `${head}.${body}`,
    good.toUpperCase(),
    "-",
  ],
  "a key that the system does not have, or has no more": [
    tokenOf(foreignKey),
    tokenOf({ ...foreignKey, kid: key.kid }),
    tokenOf(goneKey),
    tokenOf(foreignKey, { header: { jwk: foreignKey.jwk } }),
  ],
  "a key id that is a path, a query, a name or long": [
    "../../etc/passwd",
    "x' or '1'='1",
    "__proto__",
    "constructor",
    "",
    "f".repeat(5_000),
    7,
    null,
  ].map((kid) => tokenOf(key, { header: { kid } })),
  "a time that is over, to come, or none": [
    { exp: seconds - 1 },
    { exp: undefined },
    { exp: `${seconds + 600}` },
    { exp: null },
    { exp: 1e300 },
    { exp: 0.5 },
    { exp: -1 },
    { nbf: seconds + 600 },
    { iat: seconds + 600 },
    { iat: undefined },
  ].map((change) => tokenOf(key, { claims: userClaims(change) })),
  "another audience, issuer or kind": [
    ...["other", "guarded:inside", ["guarded"], undefined].map((aud) => tokenOf(key, { claims: userClaims({ aud }) })),
    ...["other", "Guarded", undefined].map((iss) => tokenOf(key, { claims: userClaims({ iss }) })),
    ...["JWT", "id+jwt", "at+JWT", undefined].map((typ) => tokenOf(key, { header: { typ } })),
  ],
  "a person that is none": [{ sub: undefined }, { sub: "" }, { sub: 7 }, { roles: "keeper" }, { roles: undefined }].map(
    (change) => tokenOf(key, { claims: userClaims(change) }),
  ),
  "an extension": [{ crit: ["exp"] }, { b64: false, crit: ["b64"] }, { b64: false }].map((header) =>
    tokenOf(key, { header }),
  ),
  "the right token at the wrong place": [
    callerToken,
    bootstrapToken,
    unitToken({ vault: [] }),
    unitToken({ gateway: "*" }, { platform: true }),
  ],
};

for (const placement of ["one", "each"]) {
  describe(`at the gateway, placed as '${placement}'`, () => {
    let placed: Placed;
    before(async () => {
      placed = await startPlaced(guarded, placement, { prepare: (home) => storeKeys(home, [goneKey, key]) });
    });
    after(() => placed[Symbol.asyncDispose]());

    const ask = (method: string, path: string, authorization?: string) =>
      fetch(`${placed.url}${path}`, { method, ...(authorization !== undefined && { headers: { authorization } }) });
    const entered = async () => (await ask("GET", "/vault/entered")).json();

    async function assertUnauthenticated(response: Response, what: string): Promise<void> {
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      assert.deepEqual([response.status, code], [401, "UNAUTHENTICATED"], what);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer( error="invalid_token")?$/, what);
      assert.match(
        detail,
        /^(the token is not valid|the token has expired|the credentials are not of a kind that is taken here|this needs a signed-in user)$/,
        what,
      );
    }

    test("a good token comes in as who it says", async () => {
      for (const scheme of ["Bearer", "bearer", "BEARER"]) {
        const response = await ask("GET", "/vault/desk", `${scheme} ${good}`);
        assert.deepEqual([response.status, await response.json()], [200, { id: "ann", roles: ["keeper"] }]);
      }
    });

    for (const [family, tokens] of Object.entries(refused)) {
      test(`${family}: 401 on every operation, public ones too, and no handler is entered`, async () => {
        const count = await entered();
        for (const token of tokens) {
          for (const path of ["/vault/desk", "/vault/hall"])
            await assertUnauthenticated(await ask("GET", path, `Bearer ${token}`), token.slice(0, 200));
        }
        assert.equal(await entered(), count);
      });
    }

    test("credentials of another kind, several of them, or none that can be read are bad ones", async () => {
      const count = await entered();
      for (const field of [
        `Basic ${btoa("ann:ann")}`,
        `Bearer ${good}, Bearer ${good}`,
        `Bearer  ${good} x`,
        "Bearer",
        good,
        "",
      ])
        await assertUnauthenticated(await ask("GET", "/vault/hall", field), field);
      await assertUnauthenticated(await ask("GET", "/vault/desk"), "none");
      assert.equal(await entered(), count);
    });

    test("a header that says where a key might be is not followed", async () => {
      let asked = 0;
      const lure = createServer((_request, response) => {
        asked++;
        response.end(JSON.stringify({ keys: [foreignKey.jwk] }));
      });
      await new Promise<void>((resolve) => void lure.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(lure.address() as AddressInfo).port}/keys`;
      const header = { jku: url, x5u: url };
      await assertUnauthenticated(await ask("GET", "/vault/desk", `Bearer ${tokenOf(foreignKey, { header })}`), "jku");
      assert.equal((await ask("GET", "/vault/desk", `Bearer ${tokenOf(key, { header })}`)).status, 200);
      assert.equal(asked, 0);
      await new Promise((resolve) => void lure.close(resolve));
    });

    test("a role that is missing is 403, and so is one that only looks like it", async () => {
      const count = await entered();
      for (const roles of [[], ["clerk"], ["Keeper"], ["keeper "], ["*"]]) {
        const response = await ask("POST", "/vault/safe", `Bearer ${tokenOf(key, { claims: userClaims({ roles }) })}`);
        assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [403, "FORBIDDEN"]);
      }
      assert.equal(await entered(), count);
    });

    test("a token that was good is not taken after it has expired", async () => {
      const login = await fetch(`${placed.url}/vault/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id: "bob", roles: [], ttl: "1s" }),
      });
      const { token } = (await login.json()) as { token: string };
      const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
      for (;;) {
        const asked = Date.now();
        const response = await ask("GET", "/vault/desk", `Bearer ${token}`);
        if (response.status === 401) return assertUnauthenticated(response, "expired");
        assert.ok(asked < exp * 1000, "it was taken after its time");
        await response.json();
        await wait(20);
      }
    });

    test("many tokens of keys that nobody has do not keep a good one out", async () => {
      const bad = Array.from({ length: 200 }, (_, at) =>
        tokenOf({ ...foreignKey, kid: at.toString(16).padStart(16, "0") }),
      );
      const answers = await Promise.all(bad.map((token) => ask("GET", "/vault/desk", `Bearer ${token}`)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401]);
      assert.equal(
        (await ask("GET", "/vault/desk", `Bearer ${tokenOf(key, { claims: userClaims({ jti: "2" }) })}`)).status,
        200,
      );
    });

    test("every route of the running system asks what its contract says, and what is internal is not there", async () => {
      const open = new Set(["/vault/hall", "/vault/login", "/vault/entered"]);
      const routes = await routesOf(placed);
      assert.equal(routes.length, Object.values(vault.operations).filter((each) => "access" in each).length);
      const other = tokenOf(makeKey(), { claims: userClaims({ iss: "other", aud: "other" }) });
      const nobody = tokenOf(key, { claims: userClaims({ roles: ["nobody"] }) });
      for (const { method, path } of routes) {
        const statusWith = async (token?: string) => (await ask(method, path, token && `Bearer ${token}`)).status;
        const route = `${method} ${path}`;
        assert.equal((await statusWith()) === 401, !open.has(path), route);
        assert.equal(await statusWith(other), 401, route);
        if (!open.has(path) && path !== "/vault/desk") assert.equal(await statusWith(nobody), 403, route);
      }
      const internal = [vault, stranger, identity]
        .flatMap(({ operations }) => Object.values(operations))
        .filter((each) => !("access" in each));
      assert.ok(internal.length >= 6);
      for (const { method, path } of internal)
        for (const token of [undefined, good, other])
          assert.equal((await ask(method, path, token && `Bearer ${token}`)).status, 404, path);
    });

    test("names that every object has are no operations", async () => {
      for (const path of [
        "/__proto__",
        "/constructor",
        "/vault/__proto__",
        "/vault/constructor",
        "/vault/toString",
        "/-/operations",
      ])
        assert.equal((await ask("GET", path, `Bearer ${good}`)).status, 404, path);
    });
  });
}

/** The routes that a running system says it has. */
async function routesOf({ running }: Placed): Promise<{ method: string; path: string }[]> {
  const admins = running.list().flatMap(({ addresses }) => addresses.filter((each) => each.startsWith("admin+")));
  const documents = await Promise.all(
    admins.map(async (each) => (await fetch(`${each.slice("admin+".length)}/openapi.json`)).json()),
  );
  return (documents as { paths: Record<string, object> }[]).flatMap(({ paths }) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, "1") })),
    ),
  );
}

describe("at a service's own doors", () => {
  let placed: Placed;
  let http = "";
  let socket = "";
  let signer: Key;
  before(async () => {
    placed = await startPlaced(guarded, "each");
    const addresses = placed.running.list().find(({ unit }) => unit === "vault")?.addresses ?? [];
    http = addresses.find((each) => each.startsWith("http:")) ?? "";
    socket = (addresses.find((each) => each.startsWith("unix:")) ?? "").slice("unix:".length);
    [signer = key] = readKeys(placed.home);
  });
  after(() => placed[Symbol.asyncDispose]());

  const sign = (typ: string, claims: object, by = signer) =>
    tokenOf(by, { header: { typ }, claims: userClaims({ aud: "guarded:inside", ...claims }) });
  const unit = (services: object, claims: object = {}, by = signer) =>
    sign("cantle-unit+jwt", { sub: "u", instance: "u-1.1", services, platform: true, ...claims }, by);

  /** Peers: whether they may call the vault, and as whom they come with which token. */
  const peers: [title: string, service: string, token: () => string | undefined][] = [
    ["nobody", "gateway", () => undefined],
    ["a user", "gateway", () => tokenOf(signer)],
    ["a caller's assertion", "gateway", () => sign("cantle-caller+jwt", {})],
    [
      "a unit that is about to start",
      "stranger",
      () => sign("cantle-bootstrap+jwt", { sub: "u", services: ["stranger"] }),
    ],
    ["a unit that says it is the gateway", "gateway", () => unit({ stranger: ["vault"] })],
    ["a service that did not declare the call", "stranger", () => unit({ stranger: ["identity"] })],
    ["a unit as itself", "host", () => unit({ stranger: ["vault"] }, { platform: false })],
    ["a unit of another system", "gateway", () => unit({ gateway: "*" }, { iss: "other" })],
    ["a unit with a key of its own", "gateway", () => unit({ gateway: "*" }, {}, makeKey())],
    ["a unit whose token has expired", "gateway", () => unit({ gateway: "*" }, { exp: seconds - 1 })],
    ["a unit with a name that every object has", "__proto__", () => unit({ gateway: "*" })],
    ["a unit without a name", "", () => unit({ gateway: "*" })],
  ];

  const get = (path: string, headers: Record<string, string | undefined>) =>
    fetch(`${http}${path}`, {
      headers: Object.entries(headers).filter((each): each is [string, string] => each[1] !== undefined),
    });
  const codeOf = async (response: Response) =>
    `${response.status} ${((await response.json()) as { code: string }).code}`;
  const gateway = () => ({ "cantle-peer": unit({ gateway: "*" }), "cantle-service": "gateway" });

  const asGateway = () => hello({ token: unit({ gateway: "*" }), service: "gateway" });

  test("a unit that may call is answered, over HTTP and over the wire", async () => {
    assert.equal((await get("/vault/tunnel", gateway())).status, 200);
    const token = unit({ stranger: ["vault"] });
    const frames = await converse(
      socket,
      hello({ token, service: "stranger" }),
      request(["stranger", "vault", "tunnel", "1.0.0"]),
    );
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      ["hello", "reply"],
    );
  });

  for (const [title, service, token] of peers) {
    test(`${title} is refused, over HTTP and over the wire`, async () => {
      for (const path of ["/vault/tunnel", "/vault/hall"])
        assert.equal(
          await codeOf(await get(path, { "cantle-peer": token(), "cantle-service": service })),
          "403 PEER_REFUSED",
        );
      const route = [service, "vault", "tunnel", "1.0.0"] as const;
      const frames = await converse(socket, hello({ token: token() ?? "", service }), request(route));
      const last = frames.at(-1);
      assert.ok(last !== undefined && (last.kind === "goaway" || last.kind === "error"), JSON.stringify(frames));
      assert.match(last.text, /PEER_REFUSED/);
    });
  }

  test("on a connection that was let in, another service's name is still refused", async () => {
    const token = unit({ stranger: ["vault"] });
    const route = ["gateway", "vault", "tunnel", "1.0.0"] as const;
    const frames = await converse(socket, hello({ token, service: "stranger" }), request(route));
    assert.match(frames.at(-1)?.text ?? "", /PEER_REFUSED/);
  });

  test("a caller is who the issuer says, or nobody is let in", async () => {
    const assertions = [
      tokenOf(signer),
      sign("cantle-caller+jwt", { exp: seconds - 1 }),
      sign("cantle-caller+jwt", {}, makeKey()),
      "ann",
      "",
    ];
    for (const assertion of assertions) {
      assert.equal(
        await codeOf(await get("/vault/desk", { ...gateway(), "cantle-caller": assertion })),
        "401 UNAUTHENTICATED",
      );
      if (assertion === "") continue;
      const route = ["gateway", "vault", "desk", "1.0.0"] as const;
      const frames = await converse(socket, asGateway(), request(route, assertion));
      assert.match(frames.at(-1)?.text ?? "", /UNAUTHENTICATED/);
    }
    const response = await get("/vault/desk", { ...gateway(), "cantle-caller": sign("cantle-caller+jwt", {}) });
    assert.deepEqual(await response.json(), { id: "ann", roles: ["keeper"] });
  });

  test("names that every object has are no operations", async () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const answer = await codeOf(
        await get("/vault/tunnel", { ...gateway(), "cantle-operation": `vault.${name}@1.0.0` }),
      );
      assert.equal(answer, "404 OPERATION_UNKNOWN");
      for (const [service, operation] of [
        ["vault", name],
        [name, "tunnel"],
      ] as const) {
        const frames = await converse(socket, asGateway(), request(["gateway", service, operation, "1.0.0"]));
        assert.match(frames.at(-1)?.text ?? "", /"OPERATION_UNKNOWN"/);
      }
    }
  });
});
