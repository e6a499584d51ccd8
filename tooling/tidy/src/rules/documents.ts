/** Documents: links that lead somewhere, and a root that is not a pile. */
import type { Finding, Rule } from "../finding.ts";
import { resolveRelative } from "../imports.ts";
import type { Repository } from "../repository.ts";
import { lineAt } from "../scan.ts";
import { withoutFences } from "./packages.ts";

const looseFilesMax = 10;

/** The root listing is the architecture. */
export const looseFiles: Rule = {
  title: `at most ${looseFilesMax} visible loose files at the root`,
  reason: "the first screen of the repository shows its architecture",
  check: (repository) => {
    const loose = [...repository.files.keys()].filter((path) => !path.includes("/") && !path.startsWith("."));
    if (loose.length <= looseFilesMax) return [];
    return [
      { place: "/", what: `${loose.length}: ${loose.join(", ")}`, remedy: "move some into the folder they are about" },
    ];
  },
};

/** Links between our own files. */
export const linksResolve: Rule = {
  title: "links to files and headings of the repository lead somewhere",
  reason: "a dead link tells the reader that nobody reads this",
  check: (repository) =>
    [...repository.files.values()]
      .filter(({ path }) => path.endsWith(".md"))
      .flatMap(({ path, text }) => {
        const prose = withoutFences(text).replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
        return [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].flatMap((match): Finding[] => {
          const link = match[1] as string;
          const broken = brokenLink(repository, path, link);
          if (broken === undefined) return [];
          return [
            { place: `${path}:${lineAt(prose, match.index)}`, what: `${link}: ${broken}`, remedy: "mend or remove it" },
          ];
        });
      }),
};

function brokenLink(repository: Repository, from: string, link: string): string | undefined {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link)) return undefined;
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? from : resolveRelative(from, decodeURI(file)).replace(/\/$/, "");
  const target = repository.files.get(path);
  if (target === undefined) {
    const isFolder = [...repository.files.keys()].some((each) => path === "" || each.startsWith(`${path}/`));
    return isFolder ? undefined : "no such file";
  }
  if (anchor === undefined || !path.endsWith(".md")) return undefined;
  return anchorsOf(target.text).has(anchor) ? undefined : "no such heading";
}

/** The anchors of headings, the way GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = withoutFences(text).match(/^#{1,6} .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+\s+/, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}
