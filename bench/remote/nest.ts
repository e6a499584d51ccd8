/** Nest's TCP microservice, as it comes: it validates nothing. Decorators are called as functions, as Node does not strip them. */
import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ClientProxyFactory, MessagePattern, Transport } from "@nestjs/microservices";
import { firstValueFrom } from "rxjs";
import { freePort } from "../harness/free-port.ts";
import type { Part } from "../harness/part.ts";
import { type NewOrder, place, smallOrder } from "../subject/orders.ts";
import type { Caller } from "./sides.ts";

class Orders {
  async quote(order: NewOrder) {
    return place(order);
  }
}
Controller()(Orders);
MessagePattern("quote")(Orders.prototype, "quote", Object.getOwnPropertyDescriptor(Orders.prototype, "quote")!);

class App {}
Module({ controllers: [Orders] })(App);

/** Serves. */
export async function serve(): Promise<Part> {
  const port = await freePort();
  const options = { transport: Transport.TCP, options: { host: "127.0.0.1", port }, logger: false };
  const app = await NestFactory.createMicroservice(App, options);
  await app.listen();
  return { at: String(port), stop: () => app.close() };
}

/** Calls. */
export async function connect(at: string): Promise<Caller> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: "127.0.0.1", port: Number(at) },
  });
  await client.connect();
  return { call: () => firstValueFrom(client.send("quote", smallOrder)), close: () => client.close() };
}
