/** For tests: a way to a server that can be changed and cut. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What becomes of bytes on their way from the server. */
export type ChangeBytes = (chunk: Buffer) => Buffer;

/** A way to a server. */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(address: string, change: ChangeBytes) {
    const [host = "", port] = address.split(":");
    this.#server = createServer((near) => {
      const far = connect(Number(port), host);
      this.#join(near, far);
      this.#join(far, near);
      near.pipe(far);
      far.on("data", (chunk: Buffer) => near.write(change(chunk)));
    });
  }

  /** Lays one to `host:port`. */
  static async lay(address: string, change: ChangeBytes = (chunk) => chunk): Promise<Cable> {
    const cable = new Cable(address, change);
    cable.#server.listen(0, "127.0.0.1");
    await once(cable.#server, "listening");
    return cable;
  }

  /** Its near end: `host:port`. */
  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  /** What is behind it is gone from the server at once, and cannot come back. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => other.destroy());
  }
}
