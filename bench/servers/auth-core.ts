/** @auth/core's session endpoint with its default: an encrypted JWT in the cookie, no database. */
import { Auth } from "@auth/core";
import { encode } from "@auth/core/jwt";
import { serve } from "@hono/node-server";
import { tell } from "./ready.js";

const secret = "a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42";
const name = "authjs.session-token";
const token = await encode({ token: { name: "Ann Archer", email: "ann@example.com", sub: "1" }, secret, salt: name });
const config = { secret, trustHost: true, basePath: "/auth", providers: [], logger: { error() {}, warn() {}, debug() {} } };
serve({ fetch: (request) => Auth(request, config), hostname: "127.0.0.1", port: 0 }, ({ port }) =>
  tell({ url: `http://127.0.0.1:${port}`, path: "/auth/session", cookie: `${name}=${token}` }),
);
