/**
 * Recognizes RSA keys of the ROCA class (CVE-2017-15361), which can be factored: a widely used
 * library generated primes that are powers of 65537 modulo many small primes, and so are their
 * products.
 * @module
 */

/** The published fingerprint: modulo each of these primes, 65537 generates few of the residues. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
const GENERATOR = 65_537;

const POWERS: readonly (readonly [bigint, ReadonlySet<number>])[] = PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = power * GENERATOR % prime) powers.add(power);
  return [BigInt(prime), powers];
});

/** Whether a modulus has the fingerprint. About one in 300 million other moduli matches by chance. */
export function isRocaModulus(modulus: bigint): boolean {
  return POWERS.every(([prime, powers]) => powers.has(Number(modulus % prime)));
}
