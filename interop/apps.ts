/**
 * Two apps with a real Latchkey each, served over HTTP on 127.0.0.1, which is another site than the servers' `localhost`:
 * the one whose sessions are watched, and another one, at which a person signs out so that the server tells the first.
 */
import { randomBytes } from "node:crypto";
import { createLatchkey } from "../src/create-latchkey.js";
import { seconds, systemClock } from "../src/kernel/time.js";
import { type Handler, serve } from "../src/server/serve.js";
import { type CapturedLog, createCapturedLog } from "../src/testing/captured-log.js";
import type { InteropServer, WantedClient } from "./matrix.js";

export interface App {
  readonly base: string;
  readonly log: CapturedLog;
  readonly cookieName: string;
  stop(): Promise<void>;
}

/** A service of the first app, which asks for tokens over HTTP. */
export const service = { id: "interop", secret: randomBytes(32).toString("base64url") };

/** Addresses come first: a server is told of our clients before Latchkey is told of the server. */
export async function openApps() {
  const listen = async () => {
    const log = createCapturedLog();
    let handler: Handler = async () => new Response(null, { status: 503 });
    const server = await serve({
      handler: (request, peer) => handler(request, peer),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log,
    });
    return {
      log,
      server,
      base: `${server.url}/auth`,
      use: (next: Handler) => {
        handler = next;
      },
    };
  };
  const [watched, other] = [await listen(), await listen()];
  const client = (clientId: string, base: string, id: string): WantedClient => ({
    clientId,
    clientSecret: randomBytes(24).toString("base64url"),
    redirectUri: `${base}/providers/${id}/callback`,
    postLogoutRedirectUri: `${base}/signed-out`,
  });
  const clients = {
    back: {
      ...client("latchkey-back", watched.base, "back"),
      backChannelLogoutUri: `${watched.base}/backchannel-logout`,
    },
    front: {
      ...client("latchkey-front", watched.base, "front"),
      frontChannelLogoutUri: `${watched.base}/frontchannel-logout`,
    },
    other: client("another-app", other.base, "other"),
  };

  const run = async (
    place: typeof watched,
    server: InteropServer,
    cookieName: string,
    ids: (keyof typeof clients)[],
  ): Promise<App> => {
    const latchkey = await createLatchkey({
      baseUrl: place.server.url,
      secrets: [randomBytes(32).toString("base64")],
      database: "sqlite::memory:",
      rateLimits: "off",
      sessions: { cookieName },
      egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] },
      signIn: { signUp: true, defaultReturnTo: "/auth/account" },
      roles: { default: "user" },
      services: [{ ...service, audience: "https://interop.example" }],
      providers: ids.map((id) => ({
        id,
        displayName: id,
        issuer: server.issuer,
        clientId: clients[id].clientId,
        clientSecret: clients[id].clientSecret,
        ...server.provider,
      })),
      ports: { log: place.log },
    });
    place.use((request, peer) => latchkey.fetch(request, peer));
    return {
      base: place.base,
      log: place.log,
      cookieName,
      stop: async () => {
        await place.server.stop(seconds(0));
        await latchkey.close();
      },
    };
  };
  return {
    clients: Object.values(clients),
    start: async (server: InteropServer) => ({
      watched: await run(watched, server, "latchkey", ["back", "front"]),
      other: await run(other, server, "another", ["other"]),
    }),
    abandon: async () => {
      await watched.server.stop(seconds(0));
      await other.server.stop(seconds(0));
    },
  };
}
