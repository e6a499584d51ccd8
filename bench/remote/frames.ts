/**
 * The floor of what crosses a process boundary: length-prefixed JSON frames over TCP, many in flight, those of one turn written
 * together. No names, no deadline, no validation, no errors.
 *
 *     u32 length of what follows · u32 number of the call · JSON
 */
import { once } from "node:events";
import { type AddressInfo, connect as connectTo, createServer, type Socket } from "node:net";
import type { Part } from "../harness/part.ts";
import { find, type NewOrder, place, placeAtLength, smallOrder } from "../subject/orders.ts";
import type { Caller } from "./sides.ts";

/** What a frame asks for: a quote for local and remote calls, the others behind a gateway. */
type Asked = { readonly quote: NewOrder } | { readonly place: NewOrder } | { readonly read: string };

/** Answers frames. */
export async function serve(): Promise<Part> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const write = writer(socket);
    read(
      socket,
      (id, body) =>
        void answer(JSON.parse(body.toString())).then((order) => write(id, Buffer.from(JSON.stringify(order)))),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { at: String((server.address() as AddressInfo).port), stop: () => void server.close() };
}

async function answer(asked: Asked) {
  if ("quote" in asked) return place(asked.quote);
  return "place" in asked ? placeAtLength(asked.place) : find(asked.read);
}

/** Asks in frames. */
export async function connect(at: string): Promise<Caller> {
  const { ask, close } = await dial(at);
  const body = () => Buffer.from(JSON.stringify({ quote: smallOrder }));
  return { call: async () => JSON.parse((await ask(body())).toString()), close };
}

/** A connection that asks with bytes and answers with bytes. */
export async function dial(at: string): Promise<{ ask(body: Buffer): Promise<Buffer>; close(): void }> {
  const socket = connectTo({ port: Number(at), host: "127.0.0.1" });
  await once(socket, "connect");
  const write = writer(socket);
  const waiting = new Map<number, (body: Buffer) => void>();
  let last = 0;
  read(socket, (id, body) => {
    const resolve = waiting.get(id)!;
    waiting.delete(id);
    resolve(body);
  });
  return {
    ask: (body) =>
      new Promise((resolve) => {
        waiting.set(++last, resolve);
        write(last, body);
      }),
    close: () => socket.destroy(),
  };
}

/** Writes the frames of one turn in one piece. */
function writer(socket: Socket): (id: number, body: Buffer) => void {
  socket.setNoDelay(true);
  let pieces: Buffer[] = [];
  const flush = () => {
    socket.write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
    pieces = [];
  };
  return (id, body) => {
    const frame = Buffer.allocUnsafe(8 + body.length);
    frame.writeUInt32BE(4 + body.length, 0);
    frame.writeUInt32BE(id, 4);
    body.copy(frame, 8);
    if (pieces.push(frame) === 1) process.nextTick(flush);
  };
}

function read(socket: Socket, take: (id: number, body: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      take(bytes.readUInt32BE(at + 4), bytes.subarray(at + 8, end));
      at = end;
    }
    held = bytes.subarray(at);
  });
}
