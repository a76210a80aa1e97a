/**
 * One keep-alive connection on a bare socket, so that the client adds as little noise as possible.
 * @module
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";

/** A response, and how long it took from the first byte sent to the last byte received. */
export interface Timed {
  readonly microseconds: number;
  readonly text: string;
}

/** A connection that carries one request at a time. */
export interface Line {
  /** @throws {Error} if the server closes the connection. */
  ask(request: Uint8Array): Promise<Timed>;
  close(): void;
}

/** Connects to a server. */
export async function openLine(origin: string): Promise<Line> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  let [text, expected] = ["", Infinity];
  let settle: (error?: Error) => void = () => {};
  socket.on("data", (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString("latin1");
    if (expected === Infinity) expected = lengthOf(text);
    if (text.length >= expected) settle();
  });
  socket.on("close", () => settle(new Error("The server closed the connection")));
  socket.on("error", () => {});
  return {
    async ask(request) {
      [text, expected] = ["", Infinity];
      const start = performance.now();
      await new Promise<void>((resolve, reject) => {
        settle = (error) => error === undefined ? resolve() : reject(error);
        socket.write(request);
      });
      return { microseconds: (performance.now() - start) * 1000, text };
    },
    close: () => socket.destroy(),
  };
}

/** The length of a whole response once its head is there, else infinity. */
function lengthOf(text: string): number {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return Infinity;
  return end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
}
