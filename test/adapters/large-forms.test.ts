/** A form that is too large costs its sender one refusal: not the next request on the same connection. */
import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import express from "express";
import fastify from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as forExpress from "../../src/adapters/express.js";
import * as forFastify from "../../src/adapters/fastify.js";
import * as forNode from "../../src/adapters/node-http.js";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { serve } from "../../src/server/serve.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await world.close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  closing.push(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
const doors: [string, () => Promise<number>][] = [
  ["latchkey/node", () => listening(createServer(forNode.latchkeyHandler(world.latchkey)))],
  ["latchkey/express", () => listening(createServer(express().use(forExpress.latchkeyHandler(world.latchkey))))],
  [
    "latchkey/fastify",
    async () => {
      const app = fastify();
      await app.register(forFastify.latchkeyPlugin, { latchkey: world.latchkey });
      closing.push(() => app.close());
      return Number(new URL(await app.listen({ port: 0, host: "127.0.0.1" })).port);
    },
  ],
  [
    "latchkey serve",
    async () => {
      const settings = { host: "127.0.0.1", port: 0, clock: systemClock, log: silentLog };
      const serving = await serve({ handler: (request, peer) => world.latchkey.fetch(request, peer), ...settings });
      closing.push(() => serving.stop(milliseconds(0)));
      return Number(new URL(serving.url).port);
    },
  ],
];

describe.each(doors)("SU-5 a form that is too large, through %s", (_door, open) => {
  test("is refused, and the next request on the same connection is answered", async () => {
    const port = await open();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => agent.destroy());
    const post = async (body: string) => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const request = httpRequest({
        port,
        host: "127.0.0.1",
        path: "/auth/introspect",
        method: "POST",
        agent,
        headers,
      });
      request.end(body);
      const [answer] = (await once(request, "response")) as [IncomingMessage];
      answer.resume();
      await once(answer, "end");
      return { status: answer.statusCode, reused: request.reusedSocket };
    };
    expect(await post(`token=${"a".repeat(300 * 1024)}`)).toEqual({ status: 400, reused: false });
    // No client's name and secret are sent: 401 says that this form was read.
    expect(await post("token=a")).toEqual({ status: 401, reused: true });
  });

  test("and goes on without end is refused before it ends, and the answer says that the connection does", async () => {
    const socket = connect(await open(), "127.0.0.1");
    closing.push(() => socket.destroy());
    let answer = "";
    socket.on("data", (part) => (answer += part.toString("latin1")));
    socket.write(
      `POST /auth/introspect HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: 9999999999\r\n\r\ntoken=${"a".repeat(1536 * 1024)}`,
    );
    // What was sent and is not read lets the system end it less politely.
    await once(
      socket.on("error", () => {}),
      "close",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });
});
