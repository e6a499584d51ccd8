/** Media types, understood exactly or not at all (415): a content type that is nearly JSON must not skip the JSON checks. */

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const mediaType = new RegExp(`^(${token}/${token})(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"[^"\\\\]*"))*$`);
const jsonType = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/** True for `application/json`, with no parameter but `charset=utf-8`. */
export function isJson(contentType: string | undefined): boolean {
  return contentType === "application/json" || (contentType !== undefined && jsonType.test(contentType));
}

/** `type/subtype` in lower case, without parameters; undefined for what is not a media type. */
export function essenceOf(contentType: string): string | undefined {
  return mediaType.exec(contentType)?.[1]?.toLowerCase();
}

/** True when a body of this content type claims to be JSON: `application/json` or anything `+json`, whatever its parameters. */
export function claimsJson(essence: string): boolean {
  return essence === "application/json" || essence === "text/json" || essence.endsWith("+json");
}

/** True when `essence` is one of `types`: media types, ranges (`image/*`) or everything (`*` + `/*`). */
export function isAmong(essence: string, types: readonly string[]): boolean {
  return types.some((type) => {
    const wanted = type.toLowerCase();
    return wanted === "*/*" || wanted === essence || (wanted.endsWith("/*") && essence.startsWith(wanted.slice(0, -1)));
  });
}
