/**
 * How oauth4webapi is asked to speak for us: its requests, our client authentication, and egress as its only way out.
 *
 * `allowInsecureRequests` is set on purpose: whether plain http is allowed to a host is decided by egress, in one
 * place, for every request; a second opinion here would only differ from it.
 */
import * as oauth from "oauth4webapi";
import { egressFetch } from "../egress/as-fetch.js";
import type { Egress, EgressPurpose } from "../egress/port.js";
import type { Duration } from "../kernel/time.js";
import type { ClientAuthentication } from "./client-authentication.js";
import type { AuthorizationServer } from "./types.js";

/** The options of every oauth4webapi request. */
export const requestOptions = (egress: Egress, purpose: EgressPurpose, timeout?: Duration | null) => ({
  [oauth.customFetch]: egressFetch(egress, purpose, timeout ?? undefined),
  [oauth.allowInsecureRequests]: true as const,
});

/** The members of our metadata that oauth4webapi's requests read. */
export function serverOf(as: AuthorizationServer): oauth.AuthorizationServer {
  const server: Record<string, string> & { issuer: string } = { issuer: as.issuer };
  for (const name of endpoints) {
    const value = as[name];
    if (value !== undefined) server[name] = value;
  }
  return server;
}
const endpoints = [
  "token_endpoint",
  "userinfo_endpoint",
  "revocation_endpoint",
  "introspection_endpoint",
  "pushed_authorization_request_endpoint",
] as const;

/** What `authenticateClient` made, as oauth4webapi takes it. */
export const clientAuth =
  (made: ClientAuthentication): oauth.ClientAuth =>
  (_as, _client, body, headers) => {
    for (const [name, value] of Object.entries(made.headers)) headers.set(name, value);
    for (const [name, value] of Object.entries(made.body)) body.set(name, value);
  };
