/**
 * Which addresses may be announced. Whatever is announced here, others will dial, with their tokens: an address is therefore
 * never taken for good because it can be parsed, only because it is one of the few forms that are known to be harmless.
 *
 *     unix:/run/cantle/web-1.sock     an absolute path without `..`
 *     thread:web-1.1                  a thread of this process, where the policy says that everybody is in it
 *     tcp://127.0.0.1:4000            loopback, written as the plain address; http:// alike
 *     tcp://10.1.2.3:4000             only a host that the policy names
 *
 * Addresses of nobody or of everybody (0.0.0.0, ::, link-local such as the clouds' 169.254.169.254, multicast, broadcast) are
 * refused even if named. So are other spellings of a number (0x7f.1, 2130706433, 127.1, ::ffff:a9fe:a9fe): they would be read
 * differently by whoever dials.
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What may be announced besides Unix sockets and loopback. */
export interface AddressPolicy {
  /** Exact hosts, as they are announced: IP addresses or names. Default none. */
  readonly hosts: readonly string[];
  /** Threads of this process; for a registry whose clients all live in it. Default false. */
  readonly threads?: boolean;
}

/** Only this host. */
export const localOnly: AddressPolicy = Object.freeze({ hosts: Object.freeze([]) });

/** The longest address, characters. */
export const addressLengthMax = 256;

/** Linux takes 107 bytes, macOS 103. */
const socketPathBytesMax = 103;
const thread = /^thread:[a-zA-Z][a-zA-Z0-9._-]{0,127}$/;
const network = /^(?:tcp|http):\/\/(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):([1-9][0-9]{0,4})$/;

/** Why an address may not be announced; undefined when it may. */
export function addressFault(address: string, policy: AddressPolicy): string | undefined {
  if (address.length > addressLengthMax) return `is longer than ${addressLengthMax} characters`;
  if (policy.threads && thread.test(address)) return undefined;
  if (address.startsWith("unix:")) return socketFault(address.slice("unix:".length));
  const [, host = "", port = ""] = network.exec(address) ?? [];
  if (host === "") return "is neither unix:/path, tcp://host:port nor http://host:port";
  if (Number(port) > 65_535) return "has a port that does not exist";
  return hostFault(host.replace(/^\[|\]$/g, ""), policy);
}

function socketFault(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const plain = path.startsWith("/") && !/[\u0000-\u001f\u007f]/.test(path);
  if (!plain || path.split("/").some((part) => part === ".." || part === ".")) return "is no absolute path of a socket";
  if (Buffer.byteLength(path) > socketPathBytesMax)
    return `is longer than the ${socketPathBytesMax} bytes a socket's path may have`;
  return undefined;
}

function hostFault(host: string, policy: AddressPolicy): string | undefined {
  const family = isIPv4(host) ? "ipv4" : isIPv6(host) ? "ipv6" : undefined;
  if (family !== undefined && nowhere[family].check(host, family)) return "is an address of nobody in particular";
  if (family !== undefined && loopback.check(host, family)) return undefined;
  if (policy.hosts.includes(host) && (family !== undefined || isName(host))) return undefined;
  return "is not on this host, and the policy does not name it";
}

/** A name that no resolver could read as a number. */
function isName(host: string): boolean {
  return /[a-z]/.test(host.split(".").at(-1) ?? "") && !/^0x/.test(host.split(".").at(-1) ?? "");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** A list for each family: a list of both would find every IPv4 address among the mapped ones of IPv6. */
const nowhere = { ipv4: new BlockList(), ipv6: new BlockList() };
nowhere.ipv4.addSubnet("0.0.0.0", 8, "ipv4");
nowhere.ipv4.addSubnet("169.254.0.0", 16, "ipv4");
nowhere.ipv4.addSubnet("224.0.0.0", 3, "ipv4");
nowhere.ipv6.addAddress("::", "ipv6");
nowhere.ipv6.addSubnet("::ffff:0:0", 96, "ipv6");
nowhere.ipv6.addSubnet("64:ff9b::", 96, "ipv6");
nowhere.ipv6.addSubnet("fe80::", 10, "ipv6");
nowhere.ipv6.addSubnet("ff00::", 8, "ipv6");
nowhere.ipv6.addAddress("fd00:ec2::254", "ipv6");
