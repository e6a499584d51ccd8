/**
 * `cantle call`: one call of one operation, the way a program outside makes it: through the gateway, over HTTP, with the
 * client that the contract makes. It loads that contract and nothing else of the system.
 */
import { type ClientOptions, createClient, type Fetch } from "@cantle/contract";
import { CantleError, explainError, isCantleError, type Operation, operationId, plain } from "@cantle/core";
import { loadSystem } from "@cantle/host";
import type { System } from "@cantle/system";
import { readData, readUpload } from "../call-data.ts";
import { contractOf, operationOf } from "../contracts.ts";
import { exitOf, printError } from "../failure.ts";
import { findSystem } from "../find-system.ts";
import { printJson } from "../output.ts";
import { connectRunning } from "../running-system.ts";
import type { Terminal } from "../terminal.ts";
import { gatewayIn } from "../units.ts";

/** The options of `call`. */
export interface CallCommand {
  readonly system?: string;
  readonly data?: string;
  readonly upload?: string;
  readonly type?: string;
  readonly token?: string;
  readonly gateway?: string;
  readonly idempotencyKey?: string;
  readonly json?: boolean;
}

/** Runs it. */
export async function call(terminal: Terminal, options: CallCommand, target: string): Promise<number> {
  const { service, name } = readTarget(target);
  const { file, home } = findSystem(terminal, options.system);
  const system = await loadSystem(file);
  const contract = await contractOf(system, service);
  const operation = operationOf(contract, name);
  checkShown(operation);
  const input = await readData(terminal, options.data);
  const gateway = options.gateway ?? (await runningGateway(home));
  const refusal: Refusal = { text: "" };
  const client = createClient(contract, {
    baseUrl: `${gateway.replace(/\/+$/, "")}${system.gateway?.prefix ?? ""}`,
    fetch: keepingRefusal(refusal),
    ...authorization(system, options.token),
  }) as unknown as Readonly<Record<string, (...call: readonly unknown[]) => Promise<unknown>>>;
  try {
    const send = client[name] as (...call: readonly unknown[]) => Promise<unknown>;
    const callOptions = options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey };
    const upload = operation.shape === "upload" ? [await readUpload(terminal, operation, options)] : [];
    const output = await send(input, ...upload, callOptions);
    if (operation.shape === "value" && options.json) terminal.out(JSON.stringify(output ?? null));
    else await printReply(terminal, operation, output);
    return 0;
  } catch (error) {
    return printRefused(terminal, error, refusal);
  }
}

/** `accounts.open`. */
function readTarget(target: string): { readonly service: string; readonly name: string } {
  const [service = "", name = "", ...more] = target.split(".");
  if (service !== "" && name !== "" && more.length === 0) return { service, name };
  throw new CantleError("USAGE", `'${target}' is not SERVICE.OPERATION`, {
    help: "write both names with a dot: accounts.read; see them with `cantle services`",
  });
}

function checkShown(operation: Operation): void {
  if (operation.access !== undefined) return;
  throw new CantleError("ROUTE_UNKNOWN", `'${operationId(operation)}' is internal: no gateway shows it`, {
    help: 'give it an `access` in the contract: "public", "user" or { roles: [...] }',
  });
}

async function runningGateway(home: string): Promise<string> {
  const client = await connectRunning(home);
  const address = gatewayIn((await client.state()).instances);
  if (address !== undefined) return address;
  throw new CantleError("UNAVAILABLE", "the system runs, and its gateway does not listen", {
    help: "see why with `cantle ps` and `cantle logs gateway`",
  });
}

/** A gateway may take other schemes than `Bearer`, and then perhaps not that one. */
function authorization(system: System, token: string | undefined): Pick<ClientOptions, "token" | "headers"> {
  if (token === undefined) return {};
  const schemes = system.gateway?.schemes ?? ["Bearer"];
  return schemes.includes("Bearer") ? { token } : { headers: { authorization: `${schemes[0]} ${token}` } };
}

/** What a gateway answered with when it refused, where it shapes its problems in a way of its own. */
interface Refusal {
  text: string;
}

const refusalCharsMax = 10_000;

function keepingRefusal(refusal: Refusal): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!response.ok) refusal.text = (await response.clone().text()).slice(0, refusalCharsMax);
    return response;
  };
}

function printRefused(terminal: Terminal, error: unknown, { text }: Refusal): number {
  if (!isCantleError(error)) throw error;
  printError(terminal, error.code === "DECLARED" ? declaredText(error) : explainError(error));
  if (error.code === "REPLY_MALFORMED" && text !== "") terminal.err(`  note: the answer was ${plain(text)}`);
  return exitOf(error);
}

/** A declared failure has a name of its own, and perhaps data that tells more. */
function declaredText(error: CantleError): string {
  const lines = [`error[${plain(error.failure ?? error.code)}]: ${plain(error.message)} (${error.status})`];
  if (error.data !== undefined) lines.push(`  note: ${plain(JSON.stringify(error.data))}`);
  return lines.join("\n");
}

async function printReply(terminal: Terminal, operation: Operation, output: unknown): Promise<void> {
  switch (operation.shape) {
    case "stream":
      for await (const item of output as AsyncIterable<unknown>) terminal.out(JSON.stringify(item));
      return;
    case "download":
      for await (const chunk of (output as { chunks: AsyncIterable<Uint8Array> }).chunks) await terminal.write(chunk);
      return;
    default:
      if (output !== undefined) printJson(terminal, output);
  }
}
