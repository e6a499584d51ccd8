/** What one unit may announce; every count has a bound with a name. */
import { CantleError } from "@cantle/core";
import { type AddressPolicy, addressFault } from "./address.ts";
import type { Announced } from "./instance.ts";

/** Bounds of the lease table. */
export interface RegistryLimits {
  /** All instances; default 4096. */
  readonly instancesMax: number;
  /** Instances of one unit; default 256. */
  readonly unitInstancesMax: number;
  /** Services of one instance; default 64. */
  readonly servicesMax: number;
  /** Addresses of one service; default 4. */
  readonly addressesMax: number;
  /** Metadata of one service, UTF-8 bytes of names and values together; default 4096. */
  readonly metadataBytesMax: number;
}

/** The limits of a registry on one host. */
export const limitsDefault: RegistryLimits = Object.freeze({
  instancesMax: 4096,
  unitInstancesMax: 256,
  servicesMax: 64,
  addressesMax: 4,
  metadataBytesMax: 4096,
});

/** Throws `INPUT_INVALID` with all that is wrong with an announcement. */
export function checkAnnouncement(services: readonly Announced[], limits: RegistryLimits, policy: AddressPolicy): void {
  const errors: Record<string, string[]> = {};
  const wrong = (path: string, message: string) => {
    errors[path] = [...(errors[path] ?? []), message];
  };
  if (services.length > limits.servicesMax)
    throw invalid({ services: [`has more than ${limits.servicesMax} services`] });
  if (new Set(services.map(({ service }) => service)).size < services.length)
    wrong("services", "names a service twice");
  for (const [index, { addresses, metadata, state }] of services.entries()) {
    const at = `services.${index}`;
    if (addresses.length > limits.addressesMax)
      wrong(`${at}.addresses`, `has more than ${limits.addressesMax} addresses`);
    else if (addresses.length === 0 && state === "ready")
      wrong(`${at}.addresses`, "is empty, and the service is ready");
    else for (const address of addresses) checkAddress(address, policy, (fault) => wrong(`${at}.addresses`, fault));
    if (bytesOf(metadata) > limits.metadataBytesMax)
      wrong(`${at}.metadata`, `is larger than ${limits.metadataBytesMax} bytes`);
  }
  if (Object.keys(errors).length > 0) throw invalid(errors);
}

function checkAddress(address: string, policy: AddressPolicy, wrong: (fault: string) => void): void {
  const fault = addressFault(address, policy);
  if (fault !== undefined) wrong(`'${address.slice(0, 64)}' ${fault}`);
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}

function invalid(errors: Record<string, string[]>): CantleError {
  return new CantleError("INPUT_INVALID", "the instance cannot be announced like this", { errors });
}
