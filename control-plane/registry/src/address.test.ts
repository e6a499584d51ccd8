import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressFault, localOnly } from "./address.ts";

describe("an address", () => {
  const fine = [
    "unix:/run/cantle/web-1.sock",
    "unix:/tmp/a b/ü.sock",
    "tcp://127.0.0.1:4000",
    "http://127.0.0.1:65535",
    "tcp://127.8.9.1:1",
    "tcp://[::1]:4000",
    "http://[::1]:4000",
  ];
  for (const address of fine)
    it(`${address} may be announced`, () => assert.equal(addressFault(address, localOnly), undefined));

  const families: Readonly<Record<string, readonly string[]>> = {
    "the clouds' metadata": [
      "http://169.254.169.254:80",
      "http://[fd00:ec2::254]:80",
      "http://[::ffff:169.254.169.254]:80",
      "http://[::ffff:a9fe:a9fe]:80",
      "http://[64:ff9b::a9fe:a9fe]:80",
      "http://metadata.google.internal:80",
    ],
    "nobody or everybody": [
      "tcp://0.0.0.0:4000",
      "tcp://0.1.2.3:4000",
      "tcp://[::]:4000",
      "tcp://[0:0:0:0:0:0:0:0]:4000",
      "tcp://255.255.255.255:4000",
      "tcp://224.0.0.1:4000",
      "tcp://[ff02::1]:4000",
      "tcp://[fe80::1]:4000",
    ],
    "another host": [
      "tcp://10.0.0.1:4000",
      "http://192.168.1.1:80",
      "tcp://8.8.8.8:53",
      "tcp://[2001:db8::1]:1",
      "http://example.com:80",
      "tcp://localhost:4000",
    ],
    "loopback in disguise": [
      "http://2130706433:80",
      "http://0x7f000001:80",
      "http://0x7f.0.0.1:80",
      "http://017700000001:80",
      "http://127.1:80",
      "http://127.0.0.01:80",
      "http://127.0.0.1.:80",
      "http://127.0.0.1.evil.example:80",
      "http://[::ffff:127.0.0.1]:80",
      "http://[::1%25lo]:80",
    ],
    "another scheme": [
      "file:///etc/passwd",
      "ftp://127.0.0.1:21",
      "gopher://127.0.0.1:70",
      "javascript:alert(1)",
      "data:,x",
      "memory:web-1",
      "thread:web-1",
      "https://127.0.0.1:1",
      "TCP://127.0.0.1:1",
      "unixs:/x",
      "//127.0.0.1:1",
    ],
    "more than a host and a port": [
      "http://user@127.0.0.1:80",
      "http://127.0.0.1:80@evil.example:80",
      "http://127.0.0.1:80/",
      "http://127.0.0.1:80/admin",
      "http://127.0.0.1:80?x",
      "http://127.0.0.1:80#x",
      "http://127.0.0.1\\@evil.example:80",
      " tcp://127.0.0.1:1",
      "tcp://127.0.0.1:1 ",
      "tcp://127.0.0.1:1\n",
      "tcp://127.0.0.1:1\r\nHost: x",
      "tcp://127.0.0.1:1\0",
    ],
    "a port that is none": [
      "tcp://127.0.0.1",
      "tcp://127.0.0.1:",
      "tcp://127.0.0.1:0",
      "tcp://127.0.0.1:65536",
      "tcp://127.0.0.1:99999",
      "tcp://127.0.0.1:080",
      "tcp://127.0.0.1:-1",
      "tcp://127.0.0.1:1e3",
    ],
    "a path that is none": [
      "unix:",
      "unix:relative.sock",
      "unix:/a/../../etc/x",
      "unix:/a/./x",
      "unix:/x\0y",
      "unix:/x\ny",
      `unix:/${"x".repeat(103)}`,
      "unix://host/x/../y",
    ],
    "too long": [`tcp://127.0.0.1:1${"0".repeat(300)}`],
    nothing: ["", ":", "x"],
  };
  for (const [family, addresses] of Object.entries(families)) {
    it(`that is ${family} may not`, () => {
      for (const address of addresses) assert.ok(addressFault(address, localOnly), JSON.stringify(address));
    });
  }

  it("of a thread may only where everybody is in one process", () => {
    const policy = { hosts: [], threads: true };
    assert.equal(addressFault("thread:web-1.1", policy), undefined);
    for (const address of ["thread:", "thread:../web", "thread:web 1", `thread:${"x".repeat(200)}`])
      assert.ok(addressFault(address, policy));
  });

  it("of a host that the policy names may, exactly as it is named", () => {
    const policy = { hosts: ["10.0.0.1", "web.internal"] };
    assert.equal(addressFault("tcp://10.0.0.1:4000", policy), undefined);
    assert.equal(addressFault("http://web.internal:80", policy), undefined);
    for (const other of ["tcp://10.0.0.2:1", "tcp://10.0.0.10:1", "tcp://web.internal.evil:1", "tcp://xweb.internal:1"])
      assert.ok(addressFault(other, policy), other);
  });

  it("of nobody in particular may not, even when the policy names it", () => {
    const hosts = ["169.254.169.254", "0.0.0.0", "::", "0x7f000001", "2130706433", "fe80::1"];
    for (const host of hosts) {
      const address = `tcp://${host.includes(":") ? `[${host}]` : host}:1`;
      assert.ok(addressFault(address, { hosts }), address);
    }
  });
});
