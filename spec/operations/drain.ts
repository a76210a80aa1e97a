/**
 * Servers on one database are stopped and started again in turn, behind proxies under load: no request
 * may fail (SY-41).
 * @module
 */
import { Agent, request } from "node:http";
import { PATHS } from "../../adapters/http/metadata.ts";
import { type Running, start } from "../crash/server.ts";
import { serveSqlite } from "../crash/stores.ts";
import { type Layer, startProxy } from "./proxy.ts";

/** How to stop the servers. */
export interface DrainPlan {
  /** For the database and the logs. */
  readonly folder: string;
  readonly drainSeconds: number;
  /** How often a server is stopped and replaced. */
  readonly stops: number;
}

/** What the clients of one proxy saw. */
export interface ClientFigures {
  readonly proxy: Layer;
  /** Whether its clients send a request again that was not answered. */
  readonly retries: boolean;
  readonly requests: number;
  readonly failed: number;
  /** Requests that were sent again. */
  readonly retried: number;
}

/** What came of it. */
export interface DrainOutcome {
  readonly clients: readonly ClientFigures[];
  /** The exit codes of the servers that were asked to stop. */
  readonly codes: readonly (number | null)[];
}

const SERVERS = 2;
const CLIENTS_PER_PROXY = 4;
const KINDS = [
  ["http", false],
  ["http", true],
  ["tcp", false],
  ["tcp", true],
] as const;

/** Runs the servers, the proxies and their clients. */
export async function replaceUnderLoad(plan: DrainPlan): Promise<DrainOutcome> {
  const servers: Running[] = [];
  for (let count = 0; count < SERVERS; count += 1) servers.push(await startServer(plan));
  const proxies = await Promise.all(KINDS.map(([layer]) => startProxy(layer)));
  const tellProxies = () =>
    Promise.all(
      proxies.map(({ use }) => use(servers.map(({ endpoint }) => Number(new URL(endpoint).port)))),
    );
  const codes: (number | null)[] = [];
  try {
    await tellProxies();
    const load = KINDS.map(([proxy, retries], index) =>
      startClients(proxy, retries, proxies[index]?.port ?? 0)
    );
    for (let count = 0; count < plan.stops; count += 1) {
      codes.push(await servers.shift()?.stop() ?? null);
      servers.push(await startServer(plan));
      await tellProxies();
    }
    return { codes, clients: await Promise.all(load.map((clients) => clients.end())) };
  } finally {
    for (const proxy of proxies) proxy.close();
    await Promise.all(servers.map((server) => server.kill()));
  }
}

async function startServer({ folder, drainSeconds }: DrainPlan): Promise<Running> {
  const program = serveSqlite(folder);
  const args = [...program.args, "--drain-seconds", String(drainSeconds)];
  const running = await start({ ...program, args }, folder);
  if (!running) throw new Error("The server did not start");
  return running;
}

/** Clients that send one request after the other until they are told to end. */
function startClients(proxy: Layer, retries: boolean, port: number) {
  const agent = new Agent({ keepAlive: true });
  let [requests, failed, retried, over] = [0, 0, 0, false];
  const work = async () => {
    while (!over) {
      requests += 1;
      if (await succeeds(port, agent)) continue;
      if (retries) {
        retried += 1;
        if (await succeeds(port, agent)) continue;
      }
      failed += 1;
    }
  };
  const working = Promise.all(Array.from({ length: CLIENTS_PER_PROXY }, work));
  return {
    async end(): Promise<ClientFigures> {
      over = true;
      await working;
      agent.destroy();
      return { proxy, retries, requests, failed, retried };
    },
  };
}

const BODY = JSON.stringify({
  query: 'mutation { fetchTokensForUser(publicId: "demo-connected") { refreshToken } }',
});
const HEADERS = {
  "content-type": "application/json",
  "content-length": String(BODY.length),
  authorization: `Basic ${btoa("demo-partner:demo-partner-secret")}`,
};

/** Whether a request for tokens gets them. */
function succeeds(port: number, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { method: "POST", port, host: "127.0.0.1", path: PATHS.partners, agent };
    const sent = request({ ...options, headers: HEADERS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
      response.once("end", () => resolve(text.includes('"ftfu_rt_')));
      response.once("error", () => resolve(false));
    });
    sent.once("error", () => resolve(false)).end(BODY);
  });
}
