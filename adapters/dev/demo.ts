/**
 * Demo data for `serve --dev`. The credentials and the issuer's key are public, so that scripts and
 * `mint` work anywhere; a database that contains them is marked and never serves real users.
 * @module
 */
import type { Service } from "../direct.ts";
import { type ClientRegistration, ManagementError } from "../manage.ts";

/** What consent tokens for the demo server carry as `aud`. */
export const DEMO_AUDIENCE = "urn:fetch-tokens-for-user:demo";

/** The `iss` of the demo issuer. */
export const DEMO_ISSUER = "https://issuer.demo.invalid";

/** The demo issuer's private key. Public knowledge: trusted in dev mode only. */
export const DEMO_ISSUER_KEY = {
  kty: "EC",
  crv: "P-256",
  alg: "ES256",
  use: "sig",
  kid: "demo-1",
  x: "gt3rvDN5e1XuQ24YldLVd7CHml1R4zaX7qeN5Y2s-HA",
  y: "YLEb2eX0Kx5leWPMq8cqT4rlxCLt_pmTWG3rgd0N7sg",
  d: "LvYZGbOnU4Xhm0LZ2O_Kaay_56lw63Bb0GcSdwYWudc",
} as const;

/** The merchants that the demo issuer may speak for. */
export const DEMO_MERCHANTS: readonly string[] = ["demo-merchant"];

/** The scope that demo consents carry. */
export const DEMO_SCOPE = "email openid profile";

/** The demo clients by role, with their secrets. */
export type DemoClients = Readonly<
  Record<"partner" | "otherPartner" | "merchant" | "usersApi", Required<DemoClient>>
>;

type DemoClient = Pick<ClientRegistration, "id" | "secret" | "scope" | "role">;

/** The demo clients. */
export const DEMO_CLIENTS: DemoClients = {
  partner: {
    id: "demo-partner",
    secret: "demo-partner-secret",
    scope: DEMO_SCOPE,
    role: "app",
  },
  otherPartner: {
    id: "demo-other-partner",
    secret: "demo-other-partner-secret",
    scope: DEMO_SCOPE,
    role: "app",
  },
  merchant: {
    id: "demo-merchant",
    secret: "demo-merchant-secret",
    scope: `${DEMO_SCOPE} orders`,
    role: "app",
  },
  usersApi: {
    id: "demo-users-api",
    secret: "demo-users-api-secret",
    scope: "",
    role: "resource-server",
  },
};

/** The public ids of the demo users, by what they are connected to. */
export interface DemoUsers {
  /** Connected to the partner directly. */
  readonly connected: string;
  /** Connected to the merchant only: redeem a consent token to connect. */
  readonly merchantOnly: string;
  /** Connected to nobody. */
  readonly unconnected: string;
}

/** Everything the demo consists of. */
export interface Demo {
  readonly clients: DemoClients;
  readonly users: DemoUsers;
}

/** The public ids of the demo users, unless one was deleted. */
export const DEMO_USERS: DemoUsers = {
  connected: "demo-connected",
  merchantOnly: "demo-merchant-only",
  unconnected: "demo-unconnected",
};

/**
 * Makes sure the demo data exists and serves: what an earlier run has suspended, disabled or disconnected
 * is put right. Nothing is written where everything is. Deleted users get successors: `demo-connected-2`.
 */
export async function seedDemo(service: Service): Promise<Demo> {
  for (const { id, ...client } of Object.values(DEMO_CLIENTS)) {
    const known = await service.findClient(id);
    if (known === null) await isNew(service.registerClient({ id, ...client, weakSecret: true }));
    else if (known.status === "disabled") await service.enableClient(id);
  }
  const { partner, merchant } = DEMO_CLIENTS;
  const users = {
    connected: await ensureUser(service, DEMO_USERS.connected),
    merchantOnly: await ensureUser(service, DEMO_USERS.merchantOnly),
    unconnected: await ensureUser(service, DEMO_USERS.unconnected),
  };
  await ensureConnection(service, users.connected, partner.id);
  await ensureConnection(service, users.merchantOnly, merchant.id);
  return { clients: DEMO_CLIENTS, users };
}

/** An active user of this name, or name-2, name-3 … where that one was deleted. */
async function ensureUser(service: Service, name: string): Promise<string> {
  for (let count = 1;; count++) {
    const publicId = count === 1 ? name : `${name}-${count}`;
    const known = await service.findUser(publicId);
    if (known === null && !await isNew(service.registerUser({ publicId }))) continue;
    if (known?.status === "suspended") await service.resumeUser(publicId);
    return publicId;
  }
}

/** A direct connection of the whole scope. */
async function ensureConnection(service: Service, user: string, client: string): Promise<void> {
  const { rows } = await service.listConnections(user, { limit: 1000 });
  const exists = rows.some((row) =>
    row.status === "active" && row.client === client && row.source === null &&
    row.scope.join(" ") === DEMO_SCOPE
  );
  if (!exists) await service.connect(user, client, DEMO_SCOPE);
}

/** Whether a user is connected to a client in any way. */
export async function isConnected(
  service: Service,
  user: string,
  client: string,
): Promise<boolean> {
  const { rows } = await service.listConnections(user, { limit: 1000 });
  return rows.some((row) => row.status === "active" && row.client === client);
}

/** Whether a registration succeeded; `false` if the id is in use, or was used by a deleted user. */
async function isNew(registration: Promise<unknown>): Promise<boolean> {
  try {
    await registration;
    return true;
  } catch (error) {
    if (error instanceof ManagementError && error.code === "ALREADY_EXISTS") return false;
    throw error;
  }
}
