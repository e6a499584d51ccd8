/**
 * The blog, whole: services that each have their own data and know each other by contract only.
 *
 *     storage     accounts ◀── articles ── published ──▶ feeds
 *                    ▲            ▲                  └──▶ notices
 *                    └─ comments ─┘
 */
import { system } from "@cantle/system";
import { shapeProblem } from "./conduit/problem.ts";

export default system("blog", {
  services: {
    accounts: () => import("./accounts/service.ts"),
    articles: () => import("./articles/service.ts"),
    comments: () => import("./comments/service.ts"),
    feeds: () => import("./feeds/service.ts"),
    notices: () => import("./notices/service.ts"),
    storage: () => import("./storage/service.ts"),
  },
  placements: {
    two: {
      units: {
        front: { services: ["accounts", "articles"], instances: 2 },
        back: { services: ["comments", "feeds", "notices", "storage"], instances: 2 },
      },
    },
  },
  gateway: { prefix: "/api", schemes: ["Token", "Bearer"], problem: shapeProblem },
});
