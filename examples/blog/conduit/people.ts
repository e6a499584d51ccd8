/** Ann, Bob and Eve in a test's own system. */
import type { TestSystem } from "@cantle/testing";
import { accounts } from "../accounts/contract.ts";
import { articles } from "../articles/contract.ts";

/** A person of a test. */
export interface Person {
  readonly id: string;
}

/** Registers them; answers with what they can do. */
export async function people({ client }: TestSystem) {
  const register = async (username: string): Promise<Person> => {
    const user = { username, email: `${username}@example.com`, password: "correct horse" };
    await client(accounts).register({ user });
    const { id } = await client(accounts).lookup({ username });
    if (id === null) throw new Error(`${username} is not there`);
    return { id };
  };
  const [ann, bob, eve] = await Promise.all([register("ann"), register("bob"), register("eve")]);
  return {
    ann,
    bob,
    eve,
    follow: (who: Person, username: string) => client(accounts, { as: who }).follow({ username }),
    publish: (who: Person, title: string) =>
      client(articles, { as: who }).create({ article: { title, description: "d", body: "b" } }),
  };
}

/** Resolves when it holds. What is looked at is the system's business; a test that waits in vain ends by its own limit. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
