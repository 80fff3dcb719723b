/** An authorization server's registration endpoint on loopback that answers as it is told, and keeps what it was asked. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRegistration {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}
export interface RegistrationAnswer {
  readonly status?: number;
  /** Laid over what an honest server answers; undefined takes a member away. */
  readonly over?: Record<string, unknown>;
  /** Instead of all that. */
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

export interface RegistrationServer {
  readonly issuer: string;
  readonly seen: readonly SeenRegistration[];
  /** How the next requests are answered, one after the other; afterwards honestly. */
  next(...answers: readonly RegistrationAnswer[]): void;
  /** What every request waits for before it is answered. */
  hold: Promise<unknown>;
  close(): Promise<unknown>;
}

export async function startRegistrationServer(): Promise<RegistrationServer> {
  const seen: SeenRegistration[] = [];
  const queue: RegistrationAnswer[] = [];
  const state = { hold: Promise.resolve() as Promise<unknown> };
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    const { method = "", url: path = "" } = request;
    seen.push({ method, path, authorization: request.headers.authorization, body });
    await state.hold;
    const { status = 201, over = {}, raw, headers = {} } = queue.shift() ?? {};
    const id = typeof body["client_id"] === "string" ? body["client_id"] : randomUUID();
    const secret = body["token_endpoint_auth_method"] === "none" ? {} : { client_secret: `secret of ${id}` };
    const management = {
      registration_client_uri: `${issuer}/register/${id}`,
      registration_access_token: `token of ${id}`,
    };
    const honest = { ...body, client_id: id, ...secret, ...management, ...over };
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(raw ?? JSON.stringify(honest));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    seen,
    next: (...answers) => void queue.push(...answers),
    get hold() {
      return state.hold;
    },
    set hold(promise) {
      state.hold = promise;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
