/** What kind of image bytes are, by how they begin: a file is what it is, not what it is called. */
import type { ImageType } from "./contract.ts";

/** How many bytes must be seen to tell. */
export const headBytes = 12;

/** The type of an image that begins with `head`; undefined for anything else. */
export function imageTypeOf(head: Uint8Array): ImageType | undefined {
  return signatures.find(([, signature]) => signature.every((byte, at) => byte === any || byte === head[at]))?.[0];
}

const any = -1;
const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));

/** https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern */
const signatures: readonly (readonly [ImageType, readonly number[]])[] = [
  ["image/png", [0x89, ...text("PNG\r\n"), 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", text("GIF87a")],
  ["image/gif", text("GIF89a")],
  ["image/webp", [...text("RIFF"), any, any, any, any, ...text("WEBP")]],
];
