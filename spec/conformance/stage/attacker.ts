/**
 * An attacker that no implementation trusts: a key, a certificate for it, and a listener that notices if
 * an implementation follows a URL in a token.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type SigningKey, toSigningKey } from "../base/jws.ts";

/** The attacker's key. It is public, so nobody may trust it. */
export const ATTACKER: SigningKey = toSigningKey("ES256", "attacker", {
  kty: "EC",
  crv: "P-256",
  x: "iDMTcYcRqCgI5JVmwXhfK7J3Cn22YGxVEzijoYZxEpo",
  y: "9Q4gGxcM7HDN-97MtSzHEErn-Hde0EKYRSveoZ7rE5M",
  d: "JDlQfo1egNsAsWIksoD9_KDFGQToN4dJMoZ-24CGb7g",
});

/** The attacker's certificate for that key, DER in base64 as in `x5c` (RFC 7515 §4.1.6). */
export const ATTACKER_CERTIFICATE: string =
  "MIIBfTCCASOgAwIBAgIUdMo5ed7Ul04Ypogw4trdUkwBqNYwCgYIKoZIzj0EAwIwEzERMA8GA1UEAwwIYXR0YWNrZXIwIBcN" +
  "MjYxMTIzMDM0MTA4WhgPMjEyNjEwMzAwMzQxMDhaMBMxETAPBgNVBAMMCGF0dGFja2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0D" +
  "AQcDQgAEiDMTcYcRqCgI5JVmwXhfK7J3Cn22YGxVEzijoYZxEpr1DiAbFwzscM373sy1LMcQSuf4d17QQphFK96hnusTk6NT" +
  "MFEwHQYDVR0OBBYEFDy+eOzuumgf905tth19DS8bhPzWMB8GA1UdIwQYMBaAFDy+eOzuumgf905tth19DS8bhPzWMA8GA1Ud" +
  "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgcVXlAMh26ZNo5LI3SwmmLvx1HRRs+AlAJuc7yL9rjYcCIQDIweMmGdCn" +
  "MACtVcnMX9vpzqiXzAzmIqP9MAnmHvkqfg==";

/** A listener on this machine that publishes the attacker's keys. */
export interface Trap {
  readonly url: string;
  /** How many requests there were. */
  readonly visits: () => number;
  close(): Promise<void>;
}

/** Opens a trap on a free port. */
export async function openTrap(): Promise<Trap> {
  let visits = 0;
  const body = JSON.stringify({ keys: [{ ...ATTACKER.publicJwk, x5c: [ATTACKER_CERTIFICATE] }] });
  const server = createServer((_request, response) => {
    visits += 1;
    response.writeHead(200, { "content-type": "application/json", "connection": "close" }).end(
      body,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/keys.json`,
    visits: () => visits,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
