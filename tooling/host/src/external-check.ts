/** One look at a program: does its health path answer 2xx, or, where it has none, does its port take connections. */
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import type { Clock } from "@cantle/core";
import { createUpstream } from "@cantle/transport/http";

/** Looks. Answers with what is wrong, in words that follow "it"; undefined when nothing is. Never rejects. */
export interface Check {
  look(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What is looked at. */
export interface CheckOptions {
  readonly host: string;
  readonly port: number;
  /** The health path; absent: the port itself. */
  readonly path?: string | undefined;
  readonly clock: Clock;
}

/** How long a look may take. */
const lookMsMax = 1_000;
/** A health answer is read to its end, up to here, so that the program never sees a broken connection. */
const answerBytesMax = 64 * 1024;

/** Makes a check. */
export function createCheck(options: CheckOptions): Check {
  const { path } = options;
  return path === undefined ? { look: () => takesConnections(options), close: async () => {} } : answers(options, path);
}

function answers({ host, port, clock }: CheckOptions, path: string): Check {
  const upstream = createUpstream(`http://${host}:${port}`, { connectionsMax: 1, connectTimeoutMs: lookMsMax });
  const late = `did not answer GET ${path} within ${lookMsMax} ms`;
  return {
    async look() {
      try {
        const { status, body } = await upstream.send({
          method: "GET",
          path,
          // A connection that is kept would occupy a program of one thread.
          headers: ["connection", "close"],
          onCancel(cancel) {
            const timer = clock.after(lookMsMax, () => cancel(late));
            return () => timer.cancel();
          },
        });
        await body.bytes(answerBytesMax);
        return status >= 200 && status <= 299 ? undefined : `answered ${status} to GET ${path}`;
      } catch (error) {
        return error === late ? late : `does not answer GET ${path}`;
      }
    },
    close: () => upstream.close(),
  };
}

/** True when the port takes connections from beyond this machine too. */
export async function isExposed(port: number, clock: Clock): Promise<boolean> {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  return outside !== undefined && (await takesConnections({ host: outside.address, port, clock })) === undefined;
}

function takesConnections({ host, port, clock }: CheckOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const timer = clock.after(lookMsMax, () => finish("takes no connection"));
    // On loopback a connection to a free port may meet itself; then nobody listens.
    socket.on("connect", () => finish(socket.localPort === port ? "does not listen" : undefined));
    socket.on("error", () => finish("does not listen"));
    function finish(fault: string | undefined): void {
      timer.cancel();
      socket.destroy();
      resolve(fault);
    }
  });
}
