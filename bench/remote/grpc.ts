/** grpc-js, with JSON instead of generated messages, which is the cheaper way for it: no schema is checked. */
import { credentials, makeGenericClientConstructor, Server, ServerCredentials } from "@grpc/grpc-js";
import type { Part } from "../harness/part.ts";
import { type NewOrder, place, smallOrder } from "../subject/orders.ts";
import type { Caller } from "./sides.ts";

const print = (value: unknown) => Buffer.from(JSON.stringify(value));
const parse = (bytes: Buffer) => JSON.parse(bytes.toString()) as unknown;
const quote = {
  path: "/Orders/quote",
  requestStream: false,
  responseStream: false,
  requestSerialize: print,
  requestDeserialize: parse,
  responseSerialize: print,
  responseDeserialize: parse,
};

/** Serves. */
export async function serve(): Promise<Part> {
  const server = new Server();
  const handler = (call: { request: NewOrder }, done: (error: null, order: unknown) => void) =>
    done(null, place(call.request));
  server.addService({ quote }, { quote: handler });
  const bound = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error: Error | null, port: number) =>
    error === null ? bound.resolve(port) : bound.reject(error),
  );
  return { at: `127.0.0.1:${await bound.promise}`, stop: () => server.forceShutdown() };
}

/** Calls. */
export async function connect(at: string): Promise<Caller> {
  const Client = makeGenericClientConstructor({ quote }, "Orders");
  const client = new Client(at, credentials.createInsecure());
  return {
    call: () =>
      new Promise((resolve, reject) =>
        client["quote"](smallOrder, (error: Error | null, order: unknown) =>
          error === null ? resolve(order) : reject(error),
        ),
      ),
    close: () => client.close(),
  };
}
