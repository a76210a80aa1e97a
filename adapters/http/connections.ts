/**
 * Connections, shared between peer addresses: nobody can lock others out by holding many (A2).
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { peerOf } from "./peer.ts";

/** Maximum connections. */
export interface ConnectionBounds {
  readonly maxConnections: number;
  readonly maxConnectionsPerPeer: number;
}

/** The connections of a server. */
export interface Connections {
  /** Closes those that have not sent a byte. */
  closeFresh(): void;
}

interface ConnectionState {
  readonly peer: string;
  /** In progress. */
  requests: number;
}

/**
 * Watches a server. If a new connection is one too many for its address, the longest idle one of that
 * address is closed; if it is one too many for the server, the longest idle one of the address with the
 * most. If none is idle, the new one is closed.
 */
export function limitConnections(
  server: Server,
  { maxConnections, maxConnectionsPerPeer }: ConnectionBounds,
): Connections {
  /** By peer; the one that was used least recently comes first. */
  const peers = new Map<string, Set<Socket>>();
  const states = new Map<Socket, ConnectionState>();
  let count = 0;

  const remove = (peer: string, socket: Socket) => {
    const sockets = peers.get(peer);
    if (!sockets?.delete(socket)) return;
    count--;
    states.delete(socket);
    if (sockets.size === 0) peers.delete(peer);
  };
  /** Whether there was an idle connection to close. */
  const evict = (peer: string, except: Socket): boolean => {
    for (const socket of peers.get(peer) ?? []) {
      if (socket === except || (states.get(socket)?.requests ?? 0) > 0) continue;
      remove(peer, socket);
      socket.destroy();
      return true;
    }
    return false;
  };

  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket.remoteAddress ?? "");
    const sockets = peers.get(peer) ?? new Set();
    peers.set(peer, sockets.add(socket));
    states.set(socket, { peer, requests: 0 });
    count++;
    socket.once("close", () => remove(peer, socket));
    const crowded = sockets.size > maxConnectionsPerPeer
      ? peer
      : count > maxConnections
      ? largest(peers)
      : null;
    if (crowded !== null && !evict(crowded, socket)) {
      remove(peer, socket);
      socket.destroy();
    }
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const state = states.get(socket);
    if (state === undefined) return; // evicted: it is being closed
    state.requests++;
    response.once("close", () => {
      if (--state.requests > 0) return;
      const sockets = peers.get(state.peer);
      if (sockets?.delete(socket)) sockets.add(socket); // now the most recently used
    });
  });
  return {
    closeFresh: () =>
      [...states.keys()].filter(({ bytesRead }) => bytesRead === 0).forEach((s) => s.destroy()),
  };
}

function largest(peers: ReadonlyMap<string, ReadonlySet<Socket>>): string {
  let [most, size] = ["", 0];
  for (const [peer, sockets] of peers) if (sockets.size > size) [most, size] = [peer, sockets.size];
  return most;
}
