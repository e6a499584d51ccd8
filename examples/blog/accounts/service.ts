/** The accounts service: who people are, that it is they, and whom they follow. */
import { service } from "@cantle/service";
import { accounts } from "./contract.ts";
import { followed, followers, lookup, profiles } from "./directory.ts";
import { follow, profile, unfollow } from "./profiles.ts";
import { current, login, register, update } from "./sessions.ts";
import { uses } from "./uses.ts";

export default service(accounts, {
  uses,
  handlers: { register, login, current, update, profile, follow, unfollow, profiles, lookup, followed, followers },
});
