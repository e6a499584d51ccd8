/**
 * Text to value, by what the schema wants there. A text that cannot be what is wanted is a mistake with a sentence, which
 * names no value: it may be secret.
 */
import { itemOf, optionsOf, type Shape, typesOf } from "./shape.ts";

/** A value, or why there is none. */
export type Coerced =
  | { readonly value: unknown; readonly mistake?: undefined }
  | { readonly mistake: string; readonly value?: undefined };

/**
 * Reads a text. `true`, `false`, `1` and `0` are booleans, JSON makes objects and arrays, and an array of plain values may
 * also be a comma list: `a, b, c`. Where a schema allows several types, the narrowest that fits wins, text last.
 */
export function coerce(text: string, shape: Shape): Coerced {
  const option = optionsOf(shape).find((each) => String(each) === text);
  if (option !== undefined) return { value: option };
  const types = typesOf(shape);
  if (types.size === 0) return { value: text };
  if (types.has("null") && text === "null") return { value: null };
  if (types.has("boolean") && booleans.has(text)) return { value: booleans.get(text) };
  if ((types.has("number") || types.has("integer")) && numberShape.test(text)) return { value: Number(text) };
  const structured = types.has("array") ? list(text, shape) : types.has("object") ? json(text, "{") : undefined;
  if (structured?.mistake === undefined && structured !== undefined) return structured;
  if (types.has("string")) return { value: text };
  return structured ?? { mistake: `is not ${[...types].map(worded).join(" or ")}` };
}

const booleans = new Map([
  ["true", true],
  ["false", false],
  ["1", true],
  ["0", false],
]);
const numberShape = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function list(text: string, shape: Shape): Coerced {
  if (text.trimStart().startsWith("[")) return json(text, "[");
  if (text.trim() === "") return { value: [] };
  const item = itemOf(shape);
  const types = typesOf(item);
  if (types.has("object") || types.has("array")) return { mistake: "is not a JSON array" };
  const items = text.split(",").map((each) => coerce(each.trim(), item));
  const wrong = items.find((each) => each.mistake !== undefined);
  return wrong ? { mistake: `has an item that ${wrong.mistake}` } : { value: items.map((each) => each.value) };
}

/** The parser's own message quotes the text, so it is not passed on. */
function json(text: string, start: "{" | "["): Coerced {
  const mistake = start === "{" ? "is not a JSON object" : "is not a JSON array";
  if (!text.trimStart().startsWith(start)) return { mistake };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { mistake };
  }
}

function worded(type: string): string {
  if (type === "boolean") return "true or false";
  if (type === "integer") return "a whole number";
  return type === "null" ? "null" : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
