/** The addresses that the wire listens on and dials: `unix:/path/to.sock` and `tcp://127.0.0.1:4000`. */
import { isIP } from "node:net";
import { CantleError } from "@cantle/core";

/** A parsed address. */
export type WireAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** The kernel's limit on the path of a socket, less its final zero: 104 on macOS and the BSDs, 108 on Linux. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;

/** Reads an address. Throws `CONFIG_INVALID` with what would be right. */
export function parseAddress(address: string): WireAddress {
  if (address.startsWith("unix:")) return { kind: "unix", path: checkPath(address.slice("unix:".length), address) };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (
    url?.protocol !== "tcp:" ||
    url.hostname === "" ||
    url.port === "" ||
    url.username !== "" ||
    url.pathname.length > 1
  )
    throw invalid(`'${address}' is not an address of the wire`, "write unix:/path/to.sock or tcp://127.0.0.1:4000");
  return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
}

/** An address as others write it. */
export function formatAddress(address: WireAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `tcp://${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

/** True for a host that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function checkPath(path: string, address: string): string {
  if (!path.startsWith("/")) throw invalid(`'${address}' has no absolute path`, "write unix:/path/to.sock");
  if (path.includes("\0")) throw invalid("the path of a socket has a zero byte", "write unix:/path/to.sock");
  const bytes = Buffer.byteLength(path);
  if (bytes > pathBytesMax)
    throw invalid(
      `the path of the socket '${path}' has ${bytes} bytes, and the kernel takes ${pathBytesMax}`,
      "put it into a folder with a shorter path, such as one under /tmp",
    );
  return path;
}

function invalid(message: string, help: string): CantleError {
  return new CantleError("CONFIG_INVALID", message, { help });
}
