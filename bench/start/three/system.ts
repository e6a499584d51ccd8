/** Three services, for the start of a system. The bench copies this folder and edits the copy. */
import { system } from "@cantle/system";

export default system("three", {
  services: {
    one: () => import("./one.ts"),
    two: () => import("./two.ts"),
    three: () => import("./three.ts"),
  },
});
