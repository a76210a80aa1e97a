/**
 * Who is at the other end of a connection, for limits. The one place that decides it.
 * @module
 */

/**
 * The key of an address: IPv4 as it is, also where it is mapped into IPv6; of IPv6 the first 64 bits,
 * since a host has as many addresses below them as it likes.
 */
export function peerOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const before = head.split(":").filter((part) => part !== "");
  const after = tail?.split(":").filter((part) => part !== "") ?? [];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  return `${[...before, ...zeros, ...after].slice(0, 4).join(":")}::/64`;
}
