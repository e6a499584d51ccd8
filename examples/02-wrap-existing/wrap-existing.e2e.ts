/** The example, run as a system of processes: programs that know nothing of Cantle are members of it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import { type RunningSystem, startSystem } from "@cantle/host";

const file = join(import.meta.dirname, "system.ts");
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const skip = hasPython ? false : "needs python3: apt-get install -y python3";
/** Long enough for a loaded machine; nothing waits for it when all is well. */
const patienceMs = 60_000;

describe("programs of other languages", { skip }, () => {
  let home: string;
  let system: RunningSystem;
  const lines: string[] = [];

  const row = (unit: string) => system.list().find((each) => each.unit === unit);
  const get = (path: string) => fetch(system.addresses.gateway + path);
  const hostOf = (unit: string) => {
    const { pid, lastError } = row(unit) ?? {};
    assert.ok(pid, lastError?.text);
    return pid;
  };
  const programOf = async (unit: string) => {
    const [pid] = await childrenOf(hostOf(unit));
    assert.ok(pid, `the host of '${unit}' has no program`);
    return pid;
  };

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "cantle-wrap-"));
    const env = { ...process.env, CANTLE_HOME: home };
    const onLine = ({ unit, line }: { unit: string; line: string }) => void lines.push(`${unit}: ${line}`);
    system = await startSystem({ file, placement: "each", port: 0, env, onLine });
  });
  after(async () => {
    await system?.stop();
    await rm(home, { recursive: true, force: true });
  });

  test("are found, well, each at an address of its own", async () => {
    for (const unit of ["legacy", "weather"]) {
      assert.equal(row(unit)?.state, "ready", row(unit)?.lastError?.text);
      const [address = ""] = row(unit)?.addresses ?? [];
      assert.equal((await fetch(`${address}/health`)).status, 200);
      await until(
        () => lines.some((line) => line.startsWith(`${unit}: `) && line.includes(address)),
        `'${unit}' to say so`,
      );
    }
  });

  test("are reached through the gateway, unchanged, whatever the method", async () => {
    assert.deepEqual(await (await get("/legacy/guestbook")).json(), [{ name: "Ann", text: "Lovely weather." }]);
    const entry = { name: "Ben", text: "Indeed." };
    const post = (body: unknown) =>
      fetch(`${system.addresses.gateway}/legacy/guestbook`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    assert.equal((await post(entry)).status, 201);
    assert.equal((await post({})).status, 400);
    assert.deepEqual(((await (await get("/legacy/guestbook")).json()) as unknown[])[1], entry);
  });

  test("are called by a typed service, by their contract, with its failures", async () => {
    assert.equal(((await (await get("/trips/fjords")).json()) as { sky: string }).sky, "rain");
    assert.equal(((await (await get("/trips/moon")).json()) as { sky: string }).sky, "unknown");
  });

  test("call services, also what no gateway shows", async () => {
    assert.equal((await get("/trips")).status, 404);
    const suggestion = await get("/suggestion");
    assert.equal(suggestion.status, 200);
    assert.deepEqual(await suggestion.json(), { id: "tiles", city: "Lisbon", title: "Blue tiles" });
  });

  test("call nothing that they have not declared, and nobody else calls in their name", async () => {
    const { CANTLE_URL = "", CANTLE_TOKEN = "" } = await environmentOf(await programOf("weather"));
    const call = async (path: string, authorization?: string) => {
      const answer = await fetch(CANTLE_URL + path, { headers: authorization === undefined ? {} : { authorization } });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    const good = `Bearer ${CANTLE_TOKEN}`;
    assert.deepEqual(await call("/catalog/trips", good), [200, undefined]);
    for (const path of ["/legacy/guestbook", "/weather/forecast/Bergen", "/registry/instances", "/identity/keys", "/"])
      assert.deepEqual(await call(path, good), [403, "PEER_REFUSED"], path);
    assert.deepEqual(await call("/catalog/nothing", good), [404, "ROUTE_UNKNOWN"]);
    const other = await environmentOf(await programOf("legacy"));
    for (const bad of [undefined, "", "Bearer", "Bearer x", CANTLE_TOKEN, `${good}x`, `Bearer ${other.CANTLE_TOKEN}`])
      assert.deepEqual(await call("/catalog/trips", bad), [401, "UNAUTHENTICATED"], String(bad));
  });

  test("are back when they are killed, and when their host is", async () => {
    for (const victim of [() => programOf("weather"), async () => hostOf("weather")]) {
      const [program, killed] = [await programOf("weather"), await victim()];
      process.kill(killed, "SIGKILL");
      await gone(program);
      await until(
        async () => row("weather")?.state === "ready" && row("weather")?.pid !== killed,
        "'weather' to be back",
      );
      assert.equal((await until(async () => whenOk(await get("/suggestion")), "a suggestion")).status, 200);
      assert.notEqual(await programOf("weather"), program);
    }
  });

  test("get no traffic while they are unwell", async () => {
    const program = await programOf("legacy");
    const unlessSlow = () =>
      fetch(`${system.addresses.gateway}/legacy/guestbook`, { signal: AbortSignal.timeout(500) }).catch(
        () => undefined,
      );
    process.kill(program, "SIGSTOP");
    try {
      await until(async () => (await unlessSlow())?.status === 503, "'legacy' to be out of traffic");
    } finally {
      process.kill(program, "SIGCONT");
    }
    await until(async () => whenOk(await get("/legacy/guestbook")), "'legacy' to be well again");
    assert.equal(await programOf("legacy"), program);
  });

  test("end with the system", async () => {
    const programs = [await programOf("legacy"), await programOf("weather")];
    for (const pid of programs) assert.equal(await runs(pid), true);
    await system.stop();
    for (const pid of programs) assert.equal(await runs(pid), false);
  });
});

for (const placement of ["one", "threads", "http"]) {
  test(`their replies are the same in placement '${placement}'`, { skip }, async () => {
    const home = await mkdtemp(join(tmpdir(), "cantle-wrap-"));
    const system = await startSystem({ file, placement, port: 0, env: { ...process.env, CANTLE_HOME: home } });
    try {
      const get = async (path: string) => (await fetch(system.addresses.gateway + path)).json();
      assert.deepEqual(await get("/legacy/guestbook"), [{ name: "Ann", text: "Lovely weather." }]);
      assert.deepEqual(await get("/trips/fjords"), {
        id: "fjords",
        city: "Bergen",
        title: "Seven fjords",
        sky: "rain",
      });
      assert.deepEqual(await get("/suggestion"), { id: "tiles", city: "Lisbon", title: "Blue tiles" });
    } finally {
      await system.stop();
      await rm(home, { recursive: true, force: true });
    }
  });
}

test("nothing is left of them when the supervisor is killed", { skip }, async () => {
  const home = await mkdtemp(join(tmpdir(), "cantle-wrap-"));
  const supervisor = await startApart(home);
  try {
    const rows = JSON.parse(await firstLine(supervisor)) as { unit: string; pid: number }[];
    const hosts = rows.filter(({ unit }) => unit === "legacy" || unit === "weather").map(({ pid }) => pid);
    const programs = (await Promise.all(hosts.map(childrenOf))).flat();
    assert.equal(programs.length, 2);
    supervisor.kill("SIGKILL");
    await Promise.all([...hosts, ...programs].map(gone));
  } finally {
    supervisor.kill("SIGKILL");
    await rm(home, { recursive: true, force: true });
  }
});

/** A process that starts the example, and says in one line what runs. */
async function startApart(home: string): Promise<ChildProcess> {
  const program = join(home, "start.mjs");
  await writeFile(
    program,
    `import { startSystem } from ${JSON.stringify(import.meta.resolve("@cantle/host"))};
    const system = await startSystem({ file: ${JSON.stringify(file)}, placement: "each", port: 0, env: process.env });
    console.log(JSON.stringify(system.list()));`,
  );
  const env = { ...process.env, CANTLE_HOME: home };
  return spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit"] });
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout);
  const { promise, resolve } = Promise.withResolvers<string>();
  createInterface({ input: stdout }).once("line", resolve);
  return promise;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const entries = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").map((entry) => entry.split(/=(.*)/s));
  return Object.fromEntries(entries);
}

async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return stat !== undefined && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

async function gone(pid: number): Promise<void> {
  await until(async () => !(await runs(pid)), `the end of process ${pid}`);
}

function whenOk(answer: Response): Response | undefined {
  return answer.ok ? answer : undefined;
}

async function until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const givenUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > givenUpAt) throw new Error(`waited in vain for ${what}`);
    await moment(25);
  }
}
