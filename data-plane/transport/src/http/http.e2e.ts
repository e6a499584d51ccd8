import { transportConformance } from "../conformance.ts";
import { dialHttp } from "./dial.ts";
import { listenHttp } from "./listen.ts";

transportConformance("http", async ({ doors, clock, token }) => {
  const listener = await listenHttp(doors, { clock });
  const connection = dialHttp(listener.address, { clock, token: () => token });
  return {
    connection,
    listener,
    async close() {
      await connection.close();
      await listener.stop();
    },
  };
});
