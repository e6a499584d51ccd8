/**
 * Who wrote these: one call for a whole page.
 *
 * While accounts does not answer, reading goes on: authors are shown under the name they had when they wrote (`author_name`,
 * kept beside the piece) and nothing else. Only readers may lean on this; whoever writes is looked up for certain (`authorOf`).
 */
import type { Client, Out } from "@cantle/contract";
import { isCantleError } from "@cantle/core";
import type { Logger } from "@cantle/telemetry";
import type { accounts, Profile } from "../accounts/contract.ts";

/** Anything that somebody wrote. */
export interface Piece {
  readonly author_id: string;
  readonly author_name: string;
}

type Author = Out<typeof Profile>;

interface Here {
  readonly accounts: Client<typeof accounts>;
  readonly log: Logger;
}

/** The author of each of these pieces, as `viewer` sees them. */
export async function authorsOf(
  pieces: readonly Piece[],
  viewer: string | undefined,
  here: Here,
): Promise<(piece: Piece) => Author> {
  const ids = [...new Set(pieces.map((piece) => piece.author_id))];
  const known = ids.length === 0 ? new Map<string, Author>() : await knownAuthors(ids, viewer, here);
  return (piece) => known.get(piece.author_id) ?? { username: piece.author_name, bio: "", image: "", following: false };
}

/** The user with this id as an author; undefined when there is none. */
export async function authorOf(id: string, { accounts }: Pick<Here, "accounts">): Promise<Author | undefined> {
  const { profiles } = await accounts.profiles({ ids: [id], viewer: id });
  return profiles[0];
}

async function knownAuthors(
  ids: string[],
  viewer: string | undefined,
  { accounts, log }: Here,
): Promise<Map<string, Author>> {
  try {
    const { profiles } = await accounts.profiles({ ids, ...(viewer !== undefined && { viewer }) });
    return new Map(profiles.map(({ id, ...author }) => [id, author]));
  } catch (error) {
    if (!isCantleError(error) || error.status < 500) throw error;
    log.warn("accounts does not answer; authors are shown as they were when they wrote", { error });
    return new Map();
  }
}
