/**
 * Slugs: a title as a piece of a URL.
 *
 * Invariants
 * 1. Small ASCII letters, digits and single inner dashes, so that a slug is the same in a URL, a log and a shell.
 * 2. Never empty, whatever the title's script, and never a word that has its own meaning after `/articles/`.
 * 3. The same title is always the same slug; a suffix, not a counter, tells namesakes apart (`distinctSlug`).
 */
import type { Random } from "@cantle/core";

const slugCharsMax = 80;
const suffixBytes = 4;

/** What a title without a single Latin letter or digit is called. */
const nameless = "article";

/** `/articles/feed` is the feed. */
const reserved: ReadonlySet<string> = new Set(["feed"]);

/** Latin letters that Unicode does not take apart into a letter and a mark. */
const letters: ReadonlyMap<string, string> = new Map(
  Object.entries({ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i" }),
);

/** The slug of a title, should nobody else have it. */
export function slugOf(title: string): string {
  const plain = title
    .toLowerCase()
    .normalize("NFKD")
    .replace(/['’]/g, "")
    .replace(/\p{M}/gu, "")
    .replace(/\P{ASCII}/gu, (letter) => letters.get(letter) ?? " ")
    .replace(/[^a-z0-9]+/g, "-");
  const slug = trimDashes(trimDashes(plain).slice(0, slugCharsMax));
  return slug === "" ? nameless : reserved.has(slug) ? `${slug}-1` : slug;
}

/** The slug of a title that somebody else already has. */
export function distinctSlug(title: string, random: Random): string {
  return `${slugOf(title)}-${random.hex(suffixBytes)}`;
}

const trimDashes = (text: string) => text.replace(/^-+|-+$/g, "");
