/**
 * Contracts as one OpenAPI 3.1 document: what a gateway shows, said for every tool that is not ours.
 *
 *     operation ──▶ path, parameters, body        openapi-input.ts
 *               ──▶ responses                   openapi-responses.ts
 *     schemas   ──▶ components                    openapi-schemas.ts
 *
 * The document is derived, so nothing in it can be wrong that is right in the contract; it says what is called and answered,
 * not how calls are limited or routed. Paths that differ only in the names of their parameters are one path in OpenAPI;
 * the first one's names are used.
 */
import { CantleError, type Operation } from "@cantle/core";
import type { BytesSpec } from "./draft.ts";
import { bodyOf, parametersIn } from "./openapi-input.ts";
import { bytesContent, ResponseComponents } from "./openapi-responses.ts";
import { SchemaComponents, type SchemaSource } from "./openapi-schemas.ts";
import { parametersOf } from "./path.ts";
import { type JsonSchema, jsonSchemaOf } from "./schema.ts";
import type { Contract, Declared } from "./types.ts";

/** What the document says of the whole. */
export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  /** Before every path, for example `/api`. */
  readonly prefix?: string;
  /** `outside` (default): the operations with `access`. `all`: internal ones too, marked `x-internal`. */
  readonly access?: "outside" | "all";
  /** Default: wherever the document came from. */
  readonly servers?: readonly { readonly url: string; readonly description?: string }[];
}

/** An OpenAPI 3.1 document, as plain data. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly [more: string]: unknown };
  readonly servers: readonly { readonly url: string; readonly description?: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** Path → method in lower case → operation. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
}

/** The document of some contracts. Throws `CONTRACT_INVALID` when two of their operations have the same method and path. */
export function openapi(contracts: readonly Contract<string, any>[], options: OpenApiOptions): OpenApiDocument {
  const { title, version, description, license, prefix = "", access = "outside", servers = [{ url: "/" }] } = options;
  if (prefix !== "" && !prefix.startsWith("/"))
    throw new CantleError("CONTRACT_INVALID", `'${prefix}' is not a prefix of paths`, {
      place: "openapi().prefix",
      help: "begin it with a slash: /api",
    });
  const document = new DocumentWriter(prefix.replace(/\/+$/, ""));
  const tags = contracts.map((contract) => {
    const name = tagOf(contract, contracts);
    for (const operation of Object.values<Declared>(contract.operations)) {
      if (access === "all" || operation.access !== undefined) document.add(operation, name);
    }
    return { name, description: `The service ${contract.name}, version ${contract.version}.` };
  });
  return {
    openapi: "3.1.0",
    info: { title, version, ...(description !== undefined && { description }), ...(license && { license }) },
    servers,
    tags,
    paths: document.paths,
    components: document.components(),
  };
}

/** The contract's name; with its major where several versions are side by side. */
function tagOf(contract: Contract, contracts: readonly Contract[]): string {
  const alone = contracts.filter(({ name }) => name === contract.name).length === 1;
  return alone ? contract.name : `${contract.name}-v${contract.version.split(".", 1)[0]}`;
}

class DocumentWriter {
  readonly paths: Record<string, Record<string, JsonSchema>> = {};
  readonly #prefix: string;
  readonly #schemas = new SchemaComponents();
  readonly #responses = new ResponseComponents(this.#schemas);
  /** Path with its parameters' names left out → the path as it was first written. */
  readonly #written = new Map<string, string>();
  #bearer = false;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  components(): OpenApiDocument["components"] {
    if (Object.keys(this.paths).length === 0) return {};
    return {
      schemas: this.#schemas.all(),
      responses: this.#responses.all(),
      ...(this.#bearer && { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } }),
    };
  }

  add(operation: Declared, tag: string): void {
    const place = `${tag}.${operation.name}`;
    const whole = this.#prefix + (operation.path === "/" && this.#prefix !== "" ? "" : operation.path);
    const bare = whole.replace(/\{[^}]*\}/g, "{}");
    const path = this.#written.get(bare) ?? whole;
    this.#written.set(bare, path);
    this.paths[path] ??= {};
    const item = this.paths[path];
    const method = operation.method.toLowerCase();
    if (item[method] !== undefined) {
      throw new CantleError(
        "CONTRACT_INVALID",
        `'${place}' and '${String(item[method].operationId)}' are both ${operation.method} ${path}`,
        { place, help: "give one of them another path, or one service another prefix" },
      );
    }
    item[method] = this.#operation(operation, { tag, place, path });
  }

  #operation(
    operation: Declared,
    { tag, place, path }: { readonly tag: string; readonly place: string; readonly path: string },
  ): JsonSchema {
    const { input, upload } = operation;
    const source: SchemaSource = {
      root: input ? jsonSchemaOf(input, "input", `${place}.input`) : {},
      side: "Input",
      hint: `${place}.input`,
    };
    const parameters = renamed(
      input ? parametersIn(operation, this.#schemas, source) : [],
      operation.path,
      path.slice(this.#prefix.length),
    );
    const body = upload
      ? bytesBody(upload)
      : input && operation.method !== "GET" && operation.method !== "DELETE"
        ? bodyOf(operation, this.#schemas, source)
        : undefined;
    const { summary = sentenceOf(operation.name), description } = operation;
    return {
      operationId: place,
      tags: [tag],
      summary,
      ...(description !== undefined && { description }),
      ...(operation.deprecated && { deprecated: true }),
      ...(operation.access === undefined && { "x-internal": true }),
      ...(operation.slo && { "x-slo": operation.slo }),
      security: this.#security(operation),
      ...(parameters.length > 0 && { parameters }),
      ...(body && { requestBody: body }),
      responses: this.#responses.of(operation, place),
    };
  }

  #security({ access }: Operation): JsonSchema[] {
    if (access === undefined || access === "public") return [];
    this.#bearer = true;
    // Any of the roles is enough, so each is a way of its own.
    return access === "user" ? [{ bearer: [] }] : access.roles.map((role) => ({ bearer: [role] }));
  }
}

/** Parameters of a path that was first written with other names. */
function renamed(parameters: readonly JsonSchema[], from: string, to: string): JsonSchema[] {
  const names = new Map(parametersOf(from).map((name, at) => [name, parametersOf(to)[at] ?? name]));
  return parameters.map((parameter) =>
    parameter.in === "path" ? { ...parameter, name: names.get(String(parameter.name)) } : parameter,
  );
}

function bytesBody(upload: BytesSpec): JsonSchema {
  return { required: true, description: `At most ${upload.maxBytes} bytes.`, content: bytesContent(upload) };
}

/** `readAll` → `Read all`. */
function sentenceOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("-", " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
