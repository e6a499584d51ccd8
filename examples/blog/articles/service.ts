/** The articles service: what is written, how it is tagged, who likes it. */
import { service } from "@cantle/service";
import { articles } from "./contract.ts";
import { feed, list, tags } from "./lists.ts";
import { favorite, locate, read, unfavorite } from "./reading.ts";
import { uses } from "./uses.ts";
import { create, remove, update } from "./writing.ts";

export default service(articles, {
  uses,
  handlers: { list, feed, create, read, update, remove, favorite, unfavorite, tags, locate },
});
