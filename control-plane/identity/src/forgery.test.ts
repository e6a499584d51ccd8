/**
 * Tokens that must never come through, by family: how a token is spelt, what its header asks for, whose key signed it, what
 * its signature is made of, what its claims say. Every table also holds one token that does come through, so that a family
 * cannot pass because everything is refused.
 */
import assert from "node:assert/strict";
import { createHmac, createPublicKey, type JsonWebKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { CompactEncrypt, exportJWK, generateKeyPair } from "jose";
import { encode, rawToken, type TestIssuer, testIssuer } from "./fixture.ts";

const nowSeconds = 1_700_000_000;
const claims = { iss: "blog", aud: "blog", sub: "ada", roles: ["editor"], iat: nowSeconds, exp: nowSeconds + 900 };
const header = (kid: string) => ({ alg: "ES256", typ: "at+jwt", kid });

/** Refuses each token in one verifier that has already seen a good one, and still takes the good one at the end. */
async function refuseAll(
  issuer: TestIssuer,
  tokens: Iterable<readonly [title: string, token: unknown]>,
): Promise<void> {
  const verifier = issuer.verifier();
  const good = await rawToken(issuer.key, header(issuer.key.kid), claims);
  assert.equal((await verifier.user(good)).id, "ada");
  for (const [title, token] of tokens)
    await assert.rejects(async () => verifier.user(token as string), { code: "UNAUTHENTICATED" }, title);
  assert.equal((await verifier.user(good)).id, "ada");
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
}

describe("a token's spelling", () => {
  it("is exactly three base64url parts without padding, spare bits or anything around them", async (test) => {
    const issuer = await testIssuer(test);
    const good = await rawToken(issuer.key, header(issuer.key.kid), claims);
    const parts = good.split(".") as [string, string, string];
    const altered: [string, string][] = [];
    for (const index of [0, 1, 2] as const) {
      const change = (title: string, part: string) =>
        altered.push([`part ${index}: ${title}`, parts.with(index, part).join(".")]);
      const part = parts[index];
      for (const extra of ["=", "==", "===", " ", "\n", "\r\n", "\t", "\0", "%3D", "\u200b", "A", "AA", "AAAA", "."]) {
        change(`${JSON.stringify(extra)} after`, part + extra);
        change(`${JSON.stringify(extra)} before`, extra + part);
        change(`${JSON.stringify(extra)} inside`, `${part.slice(0, 4)}${extra}${part.slice(4)}`);
      }
      for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/")
        if (last !== part.at(-1)) change(`last character ${last}`, part.slice(0, -1) + last);
      change("the other alphabet", `${part.slice(0, 3)}+${part.slice(4)}`);
      change("shorter", part.slice(0, -1));
      change("empty", "");
      change("doubled", part + part);
    }
    await refuseAll(issuer, altered);
    assert.ok(altered.length > 300);
  });

  it("is not JSON, not nested, not encrypted, not bearer syntax, and not longer than 8 KiB", async (test) => {
    const issuer = await testIssuer(test);
    const good = await rawToken(issuer.key, header(issuer.key.kid), claims);
    const [head, body, signature] = good.split(".");
    const { publicKey } = await generateKeyPair("ECDH-ES");
    const encrypted = await new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM" })
      .encrypt(publicKey);
    const pbes2 = `${encode({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2 ** 31 - 1, p2s: "c2FsdA", zip: "DEF" })}.a.b.c.d`;
    await refuseAll(issuer, [
      ["nothing", ""],
      ["no string", undefined],
      ["null", null],
      ["an array", [good]],
      ["an object", { toString: () => good }],
      ["flattened JSON", JSON.stringify({ payload: body, protected: head, signature })],
      ["alg in the unprotected header", JSON.stringify({ payload: body, header: { alg: "none" }, signature })],
      ["general JSON", JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] })],
      ["two parts", `${head}.${body}`],
      ["four parts", `${good}.${signature}`],
      ["detached", `${head}..${signature}`],
      ["encrypted", encrypted],
      ["a key derivation that takes for ever", pbes2],
      ["a scheme before it", `Bearer ${good}`],
      ["nested", await rawToken(issuer.key, { ...header(issuer.key.kid), cty: "JWT" }, good)],
      ["one character too long", await padded(issuer, 8193)],
      ["a mebibyte", `${head}.${"A".repeat(1024 * 1024)}.${signature}`],
    ]);
    assert.equal((await issuer.verifier().user(await padded(issuer, 8192))).id, "ada");
  });
});

describe("a token's algorithm", () => {
  const names = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    " ES256",
    "es256",
    "ES256 ",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
  ];
  const others = ["HS256", "HS384", "HS512", "RS256", "PS256", "ECDH-ES", "dir"];
  const odd: unknown[] = [undefined, null, 1, true, ["ES256"], { toString: "ES256" }, { "0": "ES256" }];

  it("is ES256, whatever else the header says, with a good signature or with none", async (test) => {
    const issuer = await testIssuer(test);
    const tokens: [string, string][] = [];
    for (const alg of [...names, ...others, ...odd]) {
      const signed = await rawToken(issuer.key, { ...header(issuer.key.kid), alg }, claims);
      tokens.push([`${JSON.stringify(alg)} signed`, signed]);
      tokens.push([`${JSON.stringify(alg)} unsigned`, signed.slice(0, signed.lastIndexOf(".") + 1)]);
      tokens.push([
        `${JSON.stringify(alg)} with zeros`,
        `${signed.slice(0, signed.lastIndexOf(".") + 1)}${"A".repeat(86)}`,
      ]);
    }
    await refuseAll(issuer, tokens);
  });

  it("is never a MAC with the public key as its secret, however the key is written", async (test) => {
    const issuer = await testIssuer(test);
    const { x = "", y = "" } = issuer.key.publicJwk;
    const publicKey = createPublicKey({ key: issuer.key.publicJwk as JsonWebKey, format: "jwk" });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const secrets: (string | Buffer)[] = [
      pem,
      pem.trim(),
      ` ${pem}`,
      `\n${pem}`,
      pem.replaceAll("\n", "\r\n"),
      publicKey.export({ type: "spki", format: "der" }),
      JSON.stringify(issuer.key.publicJwk),
      Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]),
      x,
      "",
    ];
    const tokens = [];
    for (const secret of secrets) {
      for (const [alg, hash] of [
        ["HS256", "sha256"],
        ["HS512", "sha512"],
        ["ES256", "sha512"],
        ["ES256", "sha256"],
      ] as const) {
        const signed = `${encode({ ...header(issuer.key.kid), alg })}.${encode(claims)}`;
        const mac = createHmac(hash, secret).update(signed).digest("base64url");
        tokens.push([`${alg} ${hash} with ${String(secret).slice(0, 20)}`, `${signed}.${mac}`] as const);
      }
    }
    await refuseAll(issuer, tokens);
  });
});

describe("a token's header", () => {
  it("asks for no extension", async (test) => {
    const issuer = await testIssuer(test);
    const extensions = [
      { crit: ["exp"] },
      { crit: [] },
      { crit: null },
      { crit: "b64" },
      { crit: ["b64"], b64: true },
      { crit: ["b64"], b64: false },
      { crit: ["urn:x"], "urn:x": 1 },
      { b64: false },
      { b64: true },
      { b64: null },
    ];
    const tokens = extensions.map(
      async (extension) =>
        [
          JSON.stringify(extension),
          await rawToken(issuer.key, { ...header(issuer.key.kid), ...extension }, claims),
        ] as const,
    );
    await refuseAll(issuer, await Promise.all(tokens));
  });

  it("names a key as we name keys, or nothing is looked for", async (test) => {
    const issuer = await testIssuer(test);
    let asked = 0;
    const verifier = issuer.verifier({
      cooldownMs: 1,
      keys() {
        asked++;
        return issuer.issuer.jwks();
      },
    });
    const odd: unknown[] = [
      "../../../../dev/null",
      "/etc/passwd",
      "..\\..\\key",
      "' OR 1=1 --",
      '"; DROP TABLE keys; --',
      "x".repeat(65),
      "x".repeat(6000),
      "",
      " ",
      `${issuer.key.kid}\0`,
      `${issuer.key.kid} `,
      `\n${issuer.key.kid}`,
      "http://127.0.0.1/keys",
      "ключ",
      null,
      1,
      true,
      [issuer.key.kid],
      { kid: issuer.key.kid },
      undefined,
    ];
    for (const kid of odd) {
      await issuer.clock.advance(1);
      const token = await rawToken(issuer.key, { ...header(""), kid }, claims);
      await assert.rejects(async () => verifier.user(token), { code: "UNAUTHENTICATED" }, JSON.stringify(kid));
    }
    assert.equal(asked, 1, "the verifier's first copy of the keys, and nothing for any of these");
    for (const kid of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const token = await rawToken(issuer.key, `{"alg":"ES256","typ":"at+jwt","kid":"${kid}"}`, claims);
      await assert.rejects(async () => verifier.user(token), { code: "UNAUTHENTICATED" }, kid);
    }
  });

  it("is an object with members of its own", async (test) => {
    const issuer = await testIssuer(test);
    const { kid } = issuer.key;
    const headers: unknown[] = [
      "null",
      "1",
      '"ES256"',
      "[]",
      "{",
      "not json",
      `{"__proto__":{"alg":"ES256","typ":"at+jwt","kid":"${kid}","polluted":1}}`,
      `{"alg":"ES256","typ":"at+jwt","kid":"${kid}"}trailing`,
      `\ufeff{"alg":"ES256"}`,
      "[".repeat(3000),
    ];
    const tokens = headers.map(
      async (each) => [String(each).slice(0, 40), await rawToken(issuer.key, each, claims)] as const,
    );
    await refuseAll(issuer, await Promise.all(tokens));
  });

  it("says its kind exactly", async (test) => {
    const issuer = await testIssuer(test);
    const types = [
      undefined,
      null,
      "",
      "JWT",
      "jwt",
      "AT+JWT",
      "application/at+jwt",
      "at+jwt ",
      " at+jwt",
      "id+jwt",
      "cantle-caller+jwt",
      ["at+jwt"],
      1,
    ];
    const tokens = types.map(
      async (typ) =>
        [
          JSON.stringify(typ) ?? "none",
          await rawToken(issuer.key, { ...header(issuer.key.kid), typ }, claims),
        ] as const,
    );
    await refuseAll(issuer, await Promise.all(tokens));
  });

  it("brings no key and no place where to find one, and nobody goes there", async (test) => {
    const issuer = await testIssuer(test);
    const place = await countingServer(test);
    const attacker = await testIssuer(test);
    const lures = [
      { jku: place.url },
      { x5u: place.url },
      { jwk: attacker.key.publicJwk },
      { x5c: ["MIIB"] },
      { jku: place.url, x5u: place.url, jwk: attacker.key.publicJwk, "x5t#S256": "AAAA" },
    ];
    const signed = (with_: TestIssuer, lure: object) =>
      rawToken(with_.key, { ...header(issuer.key.kid), ...lure }, claims);
    await refuseAll(
      issuer,
      await Promise.all(lures.map(async (lure) => [JSON.stringify(lure), await signed(attacker, lure)] as const)),
    );
    for (const lure of lures) assert.equal((await issuer.verifier().user(await signed(issuer, lure))).id, "ada");
    assert.equal(place.hits(), 0);
  });
});

describe("a token's signature", () => {
  it("is not zero, not out of range, not another encoding, not altered by a bit", async (test) => {
    const issuer = await testIssuer(test);
    const good = await rawToken(issuer.key, header(issuer.key.kid), claims);
    const signed = good.slice(0, good.lastIndexOf("."));
    const raw = Buffer.from(good.slice(good.lastIndexOf(".") + 1), "base64url");
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
    const zero = Buffer.alloc(32);
    const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
    const one = Buffer.alloc(32);
    one[31] = 1;
    const pairs: [string, Buffer, Buffer][] = [
      ["0, 0", zero, zero],
      ["0, s", zero, s],
      ["r, 0", r, zero],
      ["1, 1", one, one],
      ["n, n", order, order],
      ["n, s", order, s],
      ["r, n", r, order],
      ["s, r", s, r],
      ["ff, ff", Buffer.alloc(32, 255), Buffer.alloc(32, 255)],
    ];
    const tokens: [string, string][] = pairs.map(([title, a, b]) => [
      title,
      `${signed}.${Buffer.concat([a, b]).toString("base64url")}`,
    ]);
    tokens.push(["DER", `${signed}.${der(r, s).toString("base64url")}`]);
    tokens.push(["DER of 64 bytes", `${signed}.${der(r, s).subarray(0, 64).toString("base64url")}`]);
    tokens.push(["hex", `${signed}.${raw.toString("hex")}`]);
    for (const length of [0, 1, 32, 63, 65, 96, 128])
      tokens.push([
        `${length} bytes`,
        `${signed}.${Buffer.concat([raw, raw]).subarray(0, length).toString("base64url")}`,
      ]);
    for (let at = 0; at < 64; at++) {
      const flipped = Buffer.from(raw);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      tokens.push([`bit in byte ${at}`, `${signed}.${flipped.toString("base64url")}`]);
    }
    await refuseAll(issuer, tokens);
  });

  it("is over these claims, by this key", async (test) => {
    const issuer = await testIssuer(test);
    const good = await rawToken(issuer.key, header(issuer.key.kid), claims);
    const [head, , signature] = good.split(".");
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const stranger = { ...issuer.key, privateKey, publicJwk: await exportJWK(privateKey) };
    await refuseAll(issuer, [
      ["other claims", `${head}.${encode({ ...claims, sub: "root" })}.${signature}`],
      ["another key", await rawToken(stranger, header(issuer.key.kid), claims)],
    ]);
  });
});

describe("a token's claims", () => {
  const times = [undefined, null, "1700000900", "never", [], {}, true, 0, -1, 1.5, 1e300, 2 ** 53];
  const names = [undefined, null, "", "Blog", "blog ", "blog/", "shop", "https://blog", ["blog"], { blog: 1 }];
  const members: Readonly<Record<string, readonly unknown[]>> = {
    exp: [...times, nowSeconds, nowSeconds - 1],
    iat: [...times.filter((time) => time !== true), nowSeconds + 61],
    nbf: [...times.filter((time) => time !== undefined), nowSeconds + 1, nowSeconds + 1e6],
    iss: names,
    aud: [...names, "blog:inside", [], ["blog", "shop"]],
    sub: [undefined, null, "", 1, ["ada"], { id: "ada" }, "x".repeat(257)],
    roles: [
      undefined,
      null,
      "admin",
      { 0: "admin", length: 1 },
      [1],
      [null],
      [""],
      ["x".repeat(65)],
      Array(33).fill("x"),
    ],
  };
  const text = JSON.stringify(claims);
  const wholes: readonly unknown[] = [
    text.replace(/"exp":\d+/, '"exp":1e400'),
    text.replace(/"exp":\d+/, '"exp":NaN'),
    text.replace(/"exp":\d+/, '"exp":1700000900,"exp":1'),
    "null",
    '"claims"',
    "{",
    [claims],
    `{"__proto__":${JSON.stringify({ ...claims, polluted: 1 })}}`,
    `${text}\0`,
  ];
  const wrong: (readonly [title: string, claims: unknown])[] = wholes.map(
    (whole) => [JSON.stringify(whole), whole] as const,
  );
  for (const [name, values] of Object.entries(members)) {
    for (const value of values)
      wrong.push([`${name} ${JSON.stringify(value)?.slice(0, 20)}`, { ...claims, [name]: value }]);
  }

  it("have a sane end, a start, this issuer, this audience and a person", async (test) => {
    const issuer = await testIssuer(test);
    const tokens = wrong.map(
      async ([title, each]) => [title, await rawToken(issuer.key, header(issuer.key.kid), each)] as const,
    );
    await refuseAll(issuer, await Promise.all(tokens));
  });

  it("say what their kind says: no other token of the issuer is a unit's", async (test) => {
    const issuer = await testIssuer(test);
    const unit = {
      iss: "blog",
      aud: "blog:inside",
      sub: "web",
      instance: "web-1",
      services: { posts: ["accounts"] },
      iat: nowSeconds,
      exp: nowSeconds + 900,
    };
    const typ = { ...header(issuer.key.kid), typ: "cantle-unit+jwt" };
    const changes: object[] = [
      { aud: "blog" },
      { sub: undefined },
      { sub: "-web" },
      { instance: undefined },
      { instance: "../x" },
      { services: undefined },
      { services: null },
      { services: "posts" },
      { services: { posts: true } },
      { services: { posts: "accounts" } },
      { services: { posts: [1] } },
    ];
    const verifier = issuer.verifier();
    assert.equal((await verifier.peer(await rawToken(issuer.key, typ, unit), "posts")).service, "posts");
    for (const change of changes) {
      const token = await rawToken(issuer.key, typ, { ...unit, ...change });
      await assert.rejects(async () => verifier.peer(token, "posts"), { code: "PEER_REFUSED" }, JSON.stringify(change));
    }
  });
});

/** A good token of exactly so many characters. */
async function padded(issuer: TestIssuer, length: number): Promise<string> {
  for (let fill = Math.floor((length * 3) / 4) - 500; ; fill++) {
    const token = await rawToken(issuer.key, header(issuer.key.kid), { ...claims, fill: "x".repeat(fill) });
    if (token.length === length) return token;
    // A claims part cannot have every length; one character can be made up for in the header.
    if (token.length > length - 3) {
      const shifted = await rawToken(
        issuer.key,
        { ...header(issuer.key.kid), pad: "" },
        { ...claims, fill: "x".repeat(fill) },
      );
      if (shifted.length === length) return shifted;
    }
    assert.ok(token.length < length + 50, "no such length");
  }
}

/** An ECDSA signature as ASN.1, as OpenSSL writes it. */
function der(r: Buffer, s: Buffer): Buffer {
  const integer = (value: Buffer) => {
    const sign = (value[0] as number) & 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value;
    return Buffer.concat([Buffer.from([2, sign.length]), sign]);
  };
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

async function countingServer(test: TestContext): Promise<{ url: string; hits(): number }> {
  let hits = 0;
  const server = createServer((_, response) => {
    hits++;
    response.end("{}");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  test.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, hits: () => hits };
}
