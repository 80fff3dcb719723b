/** The yardstick: a bare Hono route that verifies one HMAC cookie and answers the same status, headers and bytes. */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { given, tell } from "./ready.js";

const { headers, body } = given<{ headers: Record<string, string>; body: string }>();
// Made once: a KeyObject spares the work that a Buffer costs at every call on newer Node.
const key = createSecretKey(randomBytes(32));
const sign = (value: string) => createHmac("sha256", key).update(value).digest();
const value = randomBytes(32).toString("base64url");
const cookie = `latchkey=${value}.${sign(value).toString("base64url")}`;

const app = new Hono();
app.get("/auth/session", (c) => {
  const [, sent = "", mac = ""] = /(?:^|; )latchkey=([\w-]+)\.([\w-]+)/.exec(c.req.raw.headers.get("cookie") ?? "") ?? [];
  const [expected, received] = [sign(sent), Buffer.from(mac, "base64url")];
  if (received.length !== expected.length || !timingSafeEqual(expected, received)) return c.body(null, 401);
  return c.body(body, 200, headers);
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) =>
  tell({ url: `http://127.0.0.1:${port}`, path: "/auth/session", cookie }),
);
