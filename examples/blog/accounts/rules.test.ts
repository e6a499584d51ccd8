/** The rules of accounts, through the API. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { assertRefused, member, password, visitor } from "../conduit/visitor.ts";
import { startBlog } from "../testing.ts";

const blog = await startBlog();
after(() => blog.stop());
const anybody = visitor(blog.url);

test("who registers is signed in, with an empty bio and image", async () => {
  const { user, ask } = await member(blog.url, "new");
  const { token, ...rest } = user;
  assert.ok(token.length > 0);
  assert.deepEqual(rest, { username: user.username, email: user.email, bio: "", image: "" });
  const current = await ask("GET /user");
  assert.equal(current.status, 200);
  assert.equal(current.body.user.username, user.username);
});

test("an address is taken in every spelling, and so is a name", async () => {
  const { user } = await member(blog.url, "Taken");
  const attempt = (username: string, email: string) => anybody("POST /users", { user: { username, email, password } });
  for (const email of [user.email, user.email.toUpperCase(), `  ${user.email}\t`]) {
    assertRefused(await attempt("someone-else", email), 409, /email/);
  }
  for (const username of [
    user.username,
    user.username.toUpperCase(),
    ` ${user.username} `,
    user.username.replace("T", "Ｔ"),
  ]) {
    assertRefused(await attempt(username, "someone-else@example.com"), 409, /username/);
  }
});

test("of two who register the same name at once, one does", async () => {
  const tries = Array.from({ length: 4 }, (_, at) =>
    anybody("POST /users", { user: { username: "racer", email: `racer${at}@example.com`, password } }),
  );
  const statuses = (await Promise.all(tries)).map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [201, 409, 409, 409]);
});

test("a registration that does not fit is refused, and says where", async () => {
  const user = { username: "fits", email: "fits@example.com", password };
  const misfits: [RegExp, unknown][] = [
    [/^user/, {}],
    [/^user/, { user: null }],
    [/user\.email/, { user: { ...user, email: undefined } }],
    [/user\.email/, { user: { ...user, email: "" } }],
    [/user\.email/, { user: { ...user, email: "fits" } }],
    [/user\.email/, { user: { ...user, email: "fits@" } }],
    [/user\.email/, { user: { ...user, email: "a b@example.com" } }],
    [/user\.email/, { user: { ...user, email: `${"a".repeat(250)}@example.com` } }],
    [/user\.email/, { user: { ...user, email: 7 } }],
    [/user\.password/, { user: { ...user, password: "short" } }],
    [/user\.password/, { user: { ...user, password: "x".repeat(10_000) } }],
    [/user\.password/, { user: { ...user, password: null } }],
    [/user\.username/, { user: { ...user, username: "" } }],
    [/user\.username/, { user: { ...user, username: "   " } }],
    [/user\.username/, { user: { ...user, username: "a/b" } }],
    [/user\.username/, { user: { ...user, username: ".." } }],
    [/user\.username/, { user: { ...user, username: "a\u0000b" } }],
    [/user\.username/, { user: { ...user, username: "x".repeat(65) } }],
    [/user\.username/, { user: { ...user, username: ["fits"] } }],
  ];
  for (const [about, body] of misfits) assertRefused(await anybody("POST /users", body), 422, about);
  assert.equal((await anybody("GET /profiles/fits")).status, 404);
});

test("a login takes the address in any spelling", async () => {
  const { user } = await member(blog.url, "Login");
  for (const email of [user.email, ` ${user.email.toUpperCase()} `]) {
    const { status, body } = await anybody("POST /users/login", { user: { email, password } });
    assert.equal(status, 200);
    assert.equal(body.user.username, user.username);
  }
});

test("a wrong password and an unknown address are answered alike", async () => {
  const { user } = await member(blog.url, "guess");
  const wrong = await anybody("POST /users/login", { user: { email: user.email, password: "wrong horse" } });
  const unknown = await anybody("POST /users/login", { user: { email: "nobody@example.com", password } });
  assertRefused(wrong, 401);
  assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body]);
  assertRefused(await anybody("POST /users/login", { user: { email: "", password: "" } }), 422, /user\.email/);
  assertRefused(await anybody("POST /users/login", { user: { email: user.email } }), 422, /user\.password/);
});

test("without a token, or with a bad one, nobody is anybody", async () => {
  const { user } = await member(blog.url, "target");
  const requests = [
    "GET /user",
    "PUT /user",
    `POST /profiles/${user.username}/follow`,
    `DELETE /profiles/${user.username}/follow`,
  ];
  for (const request of requests) {
    const body = request.startsWith("P") ? { user: { bio: "stolen" } } : undefined;
    for (const ask of [anybody, visitor(blog.url, "not-a-token")])
      assert.equal((await ask(request, body)).status, 401, request);
  }
  const bad = visitor(blog.url, "not-a-token");
  assert.equal((await bad(`GET /profiles/${user.username}`)).status, 401, "on a public operation too");
});

test("an update changes what it names and leaves the rest", async () => {
  const { user, ask } = await member(blog.url, "change");
  const filled = await ask("PUT /user", { user: { bio: "I write.", image: "https://example.com/me.png" } });
  assert.equal(filled.status, 200);
  const renamed = await ask("PUT /user", { user: { username: `${user.username}.2` } });
  const { token, ...rest } = renamed.body.user;
  assert.deepEqual(rest, {
    username: `${user.username}.2`,
    email: user.email,
    bio: "I write.",
    image: "https://example.com/me.png",
  });
  assert.equal((await visitor(blog.url, token)("GET /user")).body.user.username, `${user.username}.2`);
  assert.equal((await anybody(`GET /profiles/${user.username}`)).status, 404);
});

test("an empty string clears bio and image; null is not a string", async () => {
  const { ask } = await member(blog.url, "clear");
  await ask("PUT /user", { user: { bio: "something", image: "https://example.com/me.png" } });
  for (const user of [{ bio: null }, { image: null }, { email: null }])
    assertRefused(await ask("PUT /user", { user }), 422);
  const { body } = await ask("PUT /user", { user: { bio: "", image: "" } });
  assert.deepEqual([body.user.bio, body.user.image], ["", ""]);
  assert.deepEqual((await ask("GET /user")).body.user.bio, "");
});

test("an update of nothing is refused", async () => {
  const { ask } = await member(blog.url, "nothing");
  for (const body of [{}, { user: {} }, { user: { nickname: "x" } }])
    assertRefused(await ask("PUT /user", body), 422, /^user/);
});

test("an update cannot take what another has, but can keep one's own", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  assertRefused(await bob.ask("PUT /user", { user: { email: ann.user.email.toUpperCase() } }), 409, /email/);
  assertRefused(await bob.ask("PUT /user", { user: { username: ann.user.username.toUpperCase() } }), 409, /username/);
  const both = { email: bob.user.email, username: ann.user.username };
  assertRefused(await bob.ask("PUT /user", { user: both }), 409, /username/);
  const own = await bob.ask("PUT /user", { user: { email: bob.user.email, username: bob.user.username } });
  assert.equal(own.status, 200);
});

test("after a change of password the new one signs in and the old one does not", async () => {
  const { user, ask } = await member(blog.url, "secret");
  assert.equal((await ask("PUT /user", { user: { password: "battery staple" } })).status, 200);
  const login = (password: string) => anybody("POST /users/login", { user: { email: user.email, password } });
  assert.equal((await login("battery staple")).status, 200);
  assert.equal((await login(password)).status, 401);
});

test("following is seen by who follows, and twice is the same as once", async () => {
  const [ann, bob] = [await member(blog.url, "ann"), await member(blog.url, "bob")];
  const profile = `/profiles/${bob.user.username}`;
  for (const _ of [1, 2]) {
    const { status, body } = await ann.ask(`POST ${profile}/follow`);
    assert.equal(status, 200);
    assert.deepEqual(body.profile, { username: bob.user.username, bio: "", image: "", following: true });
  }
  assert.equal((await ann.ask(`GET ${profile}`)).body.profile.following, true);
  assert.equal((await bob.ask(`GET /profiles/${ann.user.username}`)).body.profile.following, false);
  assert.equal((await anybody(`GET ${profile}`)).body.profile.following, false);
  for (const _ of [1, 2]) assert.equal((await ann.ask(`DELETE ${profile}/follow`)).body.profile.following, false);
  assert.equal((await ann.ask(`GET ${profile}`)).body.profile.following, false);
});

test("nobody is found, followed or left under a name that nobody has", async () => {
  const { ask } = await member(blog.url, "seeker");
  for (const name of ["nobody", "x".repeat(300), "constructor"]) {
    assertRefused(await ask(`GET /profiles/${name}`), 404);
    assertRefused(await ask(`POST /profiles/${name}/follow`), 404);
    assertRefused(await ask(`DELETE /profiles/${name}/follow`), 404);
  }
});

test("names may be of any script", async () => {
  for (const username of ["Žofie", "小明", "anna.k_99", "Jean Luc"]) {
    const { status } = await anybody("POST /users", {
      user: { username, email: `${encodeURIComponent(username).replaceAll("%", "")}@example.com`, password },
    });
    assert.equal(status, 201, username);
    const { body } = await anybody(`GET /profiles/${encodeURIComponent(username)}`);
    assert.equal(body.profile.username, username);
  }
});

test("what services tell each other is not told outside", async () => {
  const { ask, user } = await member(blog.url, "outside");
  const requests = [
    "POST /internal/profiles",
    `GET /internal/users/${user.username}`,
    "GET /internal/users/1/followed",
    "GET /internal/articles/x",
  ];
  for (const request of requests) {
    const { status } = await ask(request, request.startsWith("POST") ? { ids: [] } : undefined);
    assert.equal(status, 404, request);
  }
});
