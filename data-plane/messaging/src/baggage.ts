/** W3C Baggage (https://www.w3.org/TR/baggage/) as a message carries it: names and values, properties left out. */

const lengthMax = 8192;
const membersMax = 64;
const nameShape = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The members of a baggage text. What is malformed is left out, never an error; nobody may rely on any of it. */
export function parseBaggage(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined || text.length > lengthMax) return undefined;
  const members = text.split(",").slice(0, membersMax).flatMap(memberOf);
  // Without a prototype, a member called `__proto__` is a member.
  return members.length === 0 ? undefined : Object.assign(Object.create(null), Object.fromEntries(members));
}

function memberOf(text: string): [string, string][] {
  const [pair = ""] = text.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, at).trim();
  if (at < 0 || !nameShape.test(name) || name === "__proto__") return [];
  try {
    return [[name, decodeURIComponent(pair.slice(at + 1).trim())]];
  } catch {
    return [];
  }
}
