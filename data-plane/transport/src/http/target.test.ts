import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isCantleError } from "@cantle/core";
import fc from "fast-check";
import { decodeSegment, readTarget } from "./target.ts";

const host = "api.example:8080";

function refused(target: string): void {
  assert.throws(
    () => readTarget(target, host),
    (error) => isCantleError(error) && error.code === "REQUEST_MALFORMED",
    target,
  );
}

describe("readTarget", () => {
  test("takes plain paths as they are", () => {
    for (const path of [
      "/",
      "/a",
      "/a/b.c",
      "/.well-known/x",
      "/a/",
      "/a;v=1/b",
      "/~me/a:b@c",
      "/%C3%BC",
      "/a%20b",
      "/...",
      "/a..b",
    ]) {
      assert.deepEqual(readTarget(path, host), { path, query: "" });
    }
  });

  test("splits off the raw query at the first question mark", () => {
    assert.deepEqual(readTarget("/a?b=%2F&c=?d", host), { path: "/a", query: "b=%2F&c=?d" });
    assert.deepEqual(readTarget("/a?", host), { path: "/a", query: "" });
  });

  test("takes an absolute target that names the host, and refuses every other", () => {
    assert.deepEqual(readTarget("http://API.example:8080/a?b", host), { path: "/a", query: "b" });
    assert.deepEqual(readTarget("http://api.example:8080", host), { path: "/", query: "" });
    for (const target of [
      "http://other.example/a",
      "http://api.example/a",
      "http://user:pass@api.example:8080/a",
      "http://api.example:8080@evil.example/a",
      "https://api.example:8080/a",
      "http:///a",
      "ftp://api.example:8080/a",
      "*",
      "a",
      "api.example:8080",
      "",
    ]) {
      refused(target);
    }
  });

  test("refuses every path without a single reading", () => {
    for (const path of [
      "//",
      "//a",
      "/a//b",
      "/a//",
      "/./a",
      "/a/.",
      "/a/..",
      "/../a",
      "/a/../b",
      "/a/%2e%2e/b",
      "/a/%2E./b",
      "/a/.%2e",
      "/%2e",
      "/a%2fb",
      "/a%2Fb",
      "/a%5cb",
      "/a\\b",
      "/a/..;/b",
      "/a/..;x=1/b",
      "/a/.;/b",
      "/a%00b",
      "/a%0ab",
      "/a%0d%0ab",
      "/a%7f",
      "/a%c2%85",
      "/a%",
      "/a%2",
      "/a%zz",
      "/a%u0041",
      "/a%c0%af",
      "/a%c0%ae%c0%ae",
      "/a%e0%80%af",
      "/a%ff",
      "/a%ed%a0%80",
      "/a%252fb",
      "/a%252e%252e/b",
      "/a%255cb",
      "/a%2500",
      "/a%25252f",
      "/a#b",
      "/a b",
      "/a\tb",
      "/a\u0000",
      "/ü",
      '/a"b',
      "/a<b>",
      "/a^b",
      "/a`b",
      "/a{b}",
      "/a|b",
      "/[a]",
    ]) {
      refused(path);
    }
  });

  test("refuses a query with a fragment, a space, a control character or a raw letter beyond ASCII", () => {
    for (const query of ["a#b", "a b", "a\tb", "a\u0000", "ü", "a\u007f"]) refused(`/a?${query}`);
  });

  test("what is accepted has no dot segments, separators or control characters after decoding", () => {
    const piece = fc.constantFrom(
      "a",
      "..",
      ".",
      "%2e",
      "%2F",
      "%5c",
      "/",
      "//",
      ";",
      "%00",
      "%25",
      "%c3%bc",
      "%C0",
      "b?",
      "~",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let target: ReturnType<typeof readTarget>;
        try {
          target = readTarget(`/${pieces.join("")}`, host);
        } catch (error) {
          return isCantleError(error) && error.code === "REQUEST_MALFORMED";
        }
        const segments = target.path
          .split("/")
          .slice(1)
          .map((segment) => decodeSegment(segment) ?? "/");
        return segments.every(
          (text, index) =>
            ![...text].some((char) => char < " " || char === "/" || char === "\\") &&
            !/^\.\.?(;|$)/.test(text) &&
            (text !== "" || index === segments.length - 1),
        );
      }),
    );
  });

  test("a hostile target is read without backtracking", { timeout: 10_000 }, () => {
    const long = `/${"a".repeat(8000)}`;
    for (const tail of ["\\", "//", "/..", "\u0001"]) refused(long + tail);
  });
});
