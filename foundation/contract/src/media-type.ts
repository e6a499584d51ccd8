/** Media types (RFC 9110, 8.3.1), and whether an operation takes one. */

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const mediaType = new RegExp(`^(${token}/${token})(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"[^"\\\\]*"))*$`);

/** `type/subtype` in lower case, without parameters; undefined for what is not a media type. */
export function essenceOf(contentType: string): string | undefined {
  return mediaType.exec(contentType)?.[1]?.toLowerCase();
}

/** True when `essence` is one of `types`: media types, ranges (`image/*`) or everything (`*` + `/*`). */
export function isAmong(essence: string, types: readonly string[]): boolean {
  return types.some((type) => {
    const wanted = type.toLowerCase();
    return wanted === "*/*" || wanted === essence || (wanted.endsWith("/*") && essence.startsWith(wanted.slice(0, -1)));
  });
}
