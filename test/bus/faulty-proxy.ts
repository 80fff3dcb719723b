/**
 * A loopback proxy in front of a database or bus: it can lose every nth message that comes from the server and stay
 * connected, stop passing anything on, or cut every connection.
 *
 * A message is what the server sent at once; whole messages are lost, so the protocol behind it stays in step only for
 * those that stand alone, as notifications do.
 */
import { connect, createServer, type Socket } from "node:net";

export interface FaultyProxy {
  readonly port: number;
  /** Loses each answer of the server that `loses` picks. */
  lose(loses: (chunk: Buffer) => boolean): void;
  /** Nothing passes in either direction; connections stay. */
  stall(on: boolean): void;
  /** Cuts what is open, and new connections while `on` as soon as they say something. */
  cut(on: boolean): void;
  close(): Promise<void>;
}

/** @param only which connections can be cut, by the first thing that their client says @default all */
export async function startFaultyProxy(
  target: { readonly host: string; readonly port: number },
  only: (first: Buffer) => boolean = () => true,
): Promise<FaultyProxy> {
  const open = new Set<Socket>();
  /** Those that nothing happens to. */
  const spared = new Set<Socket>();
  const widowed = new Set<Socket>();
  let loses: (chunk: Buffer) => boolean = () => false;
  let stalled = false;
  let refused = false;
  const server = createServer((near) => {
    const far = connect(target);
    near.once("data", (first: Buffer) => {
      if (!only(first)) for (const socket of [near, far]) spared.add(socket);
      else if (refused) near.destroy();
    });
    for (const [one, other, fromServer] of [
      [near, far, false],
      [far, near, true],
    ] as const) {
      open.add(one);
      one.on("data", (chunk: Buffer) => {
        if (stalled || (fromServer && loses(chunk))) return;
        other.write(chunk);
      });
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        spared.delete(one);
        // While nothing passes, nobody hears that the other side has gone.
        if (stalled) widowed.add(other);
        else other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy listens on no port");
  const drop = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    lose: (picks) => {
      loses = picks;
    },
    stall: (on) => {
      stalled = on;
      if (!on) for (const socket of widowed) socket.destroy();
    },
    cut: (on) => {
      refused = on;
      for (const socket of open) if (!spared.has(socket)) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        drop();
        server.close(() => resolve());
      }),
  };
}
