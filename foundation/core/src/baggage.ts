/**
 * W3C Baggage (https://www.w3.org/TR/baggage/): names and values that travel with a call and all that are made on its behalf.
 *
 * 1. Whatever is malformed is left out, and so is what goes past a limit: baggage never fails a call.
 * 2. Properties of members (`name=value;property`) are not passed on.
 */

/** What travels, by name. */
export type Baggage = Readonly<Record<string, string>>;

/** The standard's own bounds: more may be dropped by anybody on the way. */
export const baggageLimits = Object.freeze({ membersMax: 64, bytesMax: 8_192 });

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const octets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/** True for what a member can be called: a token of HTTP. */
export function isBaggageName(name: string): boolean {
  return token.test(name);
}

/** Reads a `baggage` field; undefined where nothing of it can be read. */
export function parseBaggage(field: string | undefined): Baggage | undefined {
  if (field === undefined || field === "") return undefined;
  const members: [string, string][] = [];
  // Longer than anybody has to carry; the last member may be cut, and is then left out.
  const whole = field.length <= baggageLimits.bytesMax;
  const listed = field.slice(0, baggageLimits.bytesMax).split(",", baggageLimits.membersMax + 1);
  if (!whole || listed.length > baggageLimits.membersMax) listed.pop();
  for (const each of listed) {
    const member = memberOf(each);
    if (member !== undefined) members.push(member);
  }
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/** The field that says it; empty for nothing. Members that do not fit are left out, the later ones first. */
export function formatBaggage(baggage: Baggage): string {
  const listed: string[] = [];
  let bytes = -1;
  for (const [name, value] of Object.entries(baggage)) {
    if (!isBaggageName(name)) continue;
    const member = `${name}=${encodeURIComponent(value.toWellFormed())}`;
    bytes += member.length + 1;
    if (bytes > baggageLimits.bytesMax || listed.length === baggageLimits.membersMax) break;
    listed.push(member);
  }
  return listed.join(",");
}

/** True when all of it can be carried as it is. */
export function isCarried(baggage: Baggage): boolean {
  const names = Object.keys(baggage);
  if (names.length > baggageLimits.membersMax || !names.every(isBaggageName)) return false;
  const bytes = Object.entries(baggage).reduce(
    (sum, [name, value]) => sum + name.length + encodeURIComponent(value.toWellFormed()).length + 2,
    -1,
  );
  return bytes <= baggageLimits.bytesMax;
}

function memberOf(text: string): [name: string, value: string] | undefined {
  const [member = ""] = text.split(";", 1);
  const at = member.indexOf("=");
  const name = member.slice(0, Math.max(at, 0)).trim();
  const value = member.slice(at + 1).trim();
  if (!isBaggageName(name) || !octets.test(value)) return undefined;
  try {
    return [name, decodeURIComponent(value)];
  } catch {
    return undefined;
  }
}
