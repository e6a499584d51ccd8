/**
 * The peers that only the bench installs, untyped: the type check of the repository passes whether or not they are there.
 */
declare module "@fastify/http-proxy";
declare module "@grpc/grpc-js";
declare module "@hono/node-server";
declare module "@nestjs/common";
declare module "@nestjs/core";
declare module "@nestjs/microservices";
declare module "@nestjs/platform-fastify";
declare module "hono";
declare module "http-proxy";
declare module "moleculer";
declare module "opossum";
declare module "reflect-metadata";
declare module "rxjs";

/** Of fastify as much as the contestants use. */
declare module "fastify" {
  interface Request {
    readonly params: unknown;
    readonly body: unknown;
  }
  interface Reply {
    code(status: number): Reply;
    status(status: number): Reply;
    type(contentType: string): Reply;
    header(name: string, value: string): Reply;
    send(body?: unknown): Reply;
  }
  type Handler = (request: Request, reply: Reply) => Promise<unknown>;
  type Done = (error: Error | null, body?: unknown) => void;
  interface Route {
    (path: string, handler: Handler): void;
    (path: string, options: object, handler: Handler): void;
  }
  interface App {
    readonly get: Route;
    readonly post: Route;
    removeAllContentTypeParsers(): void;
    addContentTypeParser(
      type: string,
      options: { readonly parseAs: "buffer" },
      parse: (request: Request, body: Buffer, done: Done) => void,
    ): void;
    register(plugin: unknown, options: object): Promise<void>;
    listen(at: { readonly port: number; readonly host: string }): Promise<string>;
    close(): Promise<void>;
  }
  export function fastify(options?: object): App;
}
