/**
 * The blog, whole: four services, each with its own data, that know each other by contract only.
 *
 *     storage     accounts ◀── articles
 *                    ▲            ▲
 *                    └─ comments ─┘
 */
import { system } from "@cantle/system";
import { shapeProblem } from "./conduit/problem.ts";

export default system("blog", {
  services: {
    accounts: () => import("./accounts/service.ts"),
    articles: () => import("./articles/service.ts"),
    comments: () => import("./comments/service.ts"),
    storage: () => import("./storage/service.ts"),
  },
  placements: {
    two: {
      units: {
        front: { services: ["accounts", "articles"], instances: 2 },
        back: { services: ["comments", "storage"], instances: 2 },
      },
    },
  },
  gateway: { prefix: "/api", schemes: ["Token", "Bearer"], problem: shapeProblem },
});
