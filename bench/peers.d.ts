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
declare module "cockatiel";
declare module "hono";
declare module "http-proxy";
declare module "moleculer";
declare module "opossum";
declare module "reflect-metadata";
declare module "rxjs";
