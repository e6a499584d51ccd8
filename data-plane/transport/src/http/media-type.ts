/** Content types, understood exactly or not at all (415): one that is nearly JSON must not skip the JSON checks. */

const jsonType = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;

/** True for `application/json`, with no parameter but `charset=utf-8`. */
export function isJson(contentType: string | undefined): boolean {
  return contentType === "application/json" || (contentType !== undefined && jsonType.test(contentType));
}

/** True when a body of this content type claims to be JSON: `application/json` or anything `+json`, whatever its parameters. */
export function claimsJson(essence: string): boolean {
  return essence === "application/json" || essence === "text/json" || essence.endsWith("+json");
}
