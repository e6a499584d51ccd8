/** Nest on fastify, as it comes: it validates nothing. Decorators are called as functions, as Node does not strip them. */
import "reflect-metadata";
import { Body, Controller, Get, HttpCode, Module, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import type { Part } from "../harness/part.ts";
import { find, type NewOrder, placeAtLength } from "../subject/orders.ts";

class Orders {
  async read(id: string) {
    return find(id);
  }
  async place(order: NewOrder) {
    return placeAtLength(order);
  }
}
const { prototype } = Orders;
Controller("orders")(Orders);
Get(":id")(prototype, "read", Object.getOwnPropertyDescriptor(prototype, "read")!);
Param("id")(prototype, "read", 0);
Post()(prototype, "place", Object.getOwnPropertyDescriptor(prototype, "place")!);
HttpCode(200)(prototype, "place", Object.getOwnPropertyDescriptor(prototype, "place")!);
Body()(prototype, "place", 0);

class App {}
Module({ controllers: [Orders] })(App);

/** Listens. */
export async function listen(): Promise<Part> {
  const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false, forceCloseConnections: true });
  await app.listen(0, "127.0.0.1");
  return { url: (await app.getUrl()) as string, stop: () => app.close() };
}
