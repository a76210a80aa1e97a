/**
 * A TCP proxy in front of a database, which cuts connections at chosen moments.
 * @module
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy. */
export interface Proxy {
  readonly port: number;
  /** What happens when a client sends something. Default: it is passed on. */
  onRequest: (text: string) => "pass" | "cut" | "answer-lost" | "hang";
  /** Cuts every connection now. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of this machine. */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    track(client);
    const upstream = track(connect(target, "127.0.0.1"));
    let isLost = false;
    client.on("data", (bytes) => {
      const verdict = proxy.onRequest(bytes.toString("latin1"));
      if (verdict === "hang") return;
      if (verdict === "cut") return void client.destroy();
      isLost ||= verdict === "answer-lost";
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      // The server has done its work; the client never learns of it.
      if (isLost) client.destroy();
      else client.write(bytes);
    });
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    onRequest: () => "pass",
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      proxy.cut();
      await closed;
    },
  };
  return proxy;
}
