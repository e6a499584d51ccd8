/** Visitors of the API under test: `fetch`, a token, JSON in and out. For tests only. */
import assert from "node:assert/strict";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text where it is none. It is `any` because tests look into what they do not trust. */
  readonly body: any;
}

/** Sends a request such as `GET /articles?tag=x`; a body becomes JSON. */
export type Visitor = (request: string, body?: unknown) => Promise<Answer>;

/** Somebody with an account. */
export interface Member {
  readonly ask: Visitor;
  readonly user: { readonly username: string; readonly email: string; readonly token: string };
}

/** The password of every `member`. */
export const password = "correct horse";

/** A visitor of the API at `apiUrl`, with a token or without. */
export function visitor(apiUrl: string, token?: string): Visitor {
  return async (request, body) => {
    const [method = "GET", path = "/"] = request.split(" ", 2);
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Token ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
  };
}

let members = 0;

/** Registers somebody new; the username begins with `name`. */
export async function member(apiUrl: string, name = "member"): Promise<Member> {
  const username = `${name}-${process.pid}-${++members}`;
  const { status, body } = await visitor(apiUrl)("POST /users", {
    user: { username, email: `${username}@example.com`, password },
  });
  assert.equal(status, 201, JSON.stringify(body));
  return { user: body.user, ask: visitor(apiUrl, body.user.token) };
}

/** Asserts a refusal in the shape of the API: its status, and sentences of which one is about `about`. */
export function assertRefused({ status, body }: Answer, expected: number, about = /./): void {
  assert.equal(status, expected, JSON.stringify(body));
  const sentences: unknown = body.errors?.body;
  assert.ok(
    Array.isArray(sentences) && sentences.every((sentence) => typeof sentence === "string"),
    JSON.stringify(body),
  );
  assert.match(sentences.join("\n"), about);
  assert.equal(typeof body.code, "string");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
