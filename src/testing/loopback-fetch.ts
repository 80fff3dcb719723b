/**
 * Carries a `Request` over HTTP to a server on this machine, and never follows a redirect: each hop is the
 * browser's to look at. Loopback only, so that a test with a wrong URL fails here and not on somebody's server.
 */
import { request as httpRequest } from "node:http";

/** What carries one request: an app's `fetch`, or the network. */
export type FetchLike = (request: Request) => Promise<Response>;

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const loopbackFetch: FetchLike = async (request) => {
  const url = new URL(request.url);
  if (url.protocol !== "http:" || !loopback.test(url.hostname)) throw new Error(`not on this machine: ${url.origin}`);
  const body = Buffer.from(await request.arrayBuffer());
  return new Promise((resolve, reject) => {
    const headers = { ...Object.fromEntries(request.headers), host: url.host };
    // `localhost` may resolve to ::1 first; test servers listen on 127.0.0.1.
    const hostname = url.hostname === "localhost" ? "127.0.0.1" : url.hostname.replace(/^\[|\]$/g, "");
    const options = {
      hostname,
      port: url.port || 80,
      path: url.pathname + url.search,
      method: request.method,
      headers,
      agent: false,
    };
    const outgoing = httpRequest(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const received = new Headers();
        for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
          received.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
        }
        const status = incoming.statusCode ?? 500;
        const empty = status === 204 || status === 304 || request.method === "HEAD";
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: received }));
      });
    });
    outgoing.on("error", reject);
    request.signal.addEventListener("abort", () => outgoing.destroy(new Error("aborted")), { once: true });
    outgoing.end(body);
  });
};
