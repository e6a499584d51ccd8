/** Everybody who follows somebody, page after page. */
import type { Client } from "@cantle/contract";
import { type accounts, followersPage } from "../accounts/contract.ts";

/** The ids of an author's followers, in pages as they come. */
export async function* followersOf(
  author: string,
  { accounts: directory }: { readonly accounts: Client<typeof accounts> },
): AsyncGenerator<readonly string[]> {
  let after = "";
  for (;;) {
    const { ids } = await directory.followers({ id: author, after });
    if (ids.length > 0) yield ids;
    if (ids.length < followersPage) return;
    after = ids.at(-1) ?? after;
  }
}
