/** What the protocol steps need around them in a test: a provider's record, counted randomness, an egress that may go to loopback. */
import { createEgress } from "../../src/egress/egress.js";
import type { Egress } from "../../src/egress/port.js";
import { silentLog } from "../../src/kernel/log.js";
import type { RandomSource } from "../../src/kernel/random.js";
import { secret } from "../../src/kernel/secret.js";
import { type Clock, type Duration, minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { noQuirks } from "../../src/providers/preset.js";
import type { ClientRegistration, Provider } from "../../src/providers/provider.js";

export const aClient = (more: Partial<ClientRegistration> = {}): ClientRegistration => ({
  clientId: "latchkey",
  clientSecret: secret("s3cret of the client"),
  clientKey: null,
  tokenEndpointAuthMethod: "auto",
  clientAssertionAudience: "issuer",
  clientIdInBody: false,
  ...more,
});

export const aProvider = (more: Partial<Provider> = {}): Provider => ({
  id: "corp",
  kind: "oidc",
  preset: "oidc",
  displayName: "Corp SSO",
  icon: null,
  enabled: true,
  allowLogoutTokenWithoutExp: false,
  issuer: "https://idp.example",
  issuers: [more.issuer ?? "https://idp.example"],
  tenants: null,
  quirks: noQuirks,
  discoveryUrl: null,
  endpoints: {},
  timeout: null,
  client: aClient(),
  scopes: ["openid", "email", "profile"],
  authorizeParams: {},
  redirectUri: "https://app.example/auth/providers/corp/callback",
  par: "auto",
  responseMode: "query",
  callbackIss: "check",
  clockTolerance: minutes(1),
  claims: {
    subject: "sub",
    email: "email",
    name: "name",
    picture: "picture",
    roles: "roles",
    groups: "groups",
    rolesSeparator: ",",
    groupsSeparator: ";",
  },
  roles: {
    default: "pending",
    fromClaims: false,
    allowed: [],
    admin: [],
    rules: [],
    noMatch: "deny",
    absent: { newUser: "deny", knownUser: "keep" },
  },
  groups: {
    fromClaims: false,
    create: false,
    absent: "keep",
    join: "own",
    blocked: [],
    default: null,
    permissions: {},
    share: "true",
  },
  signUp: true,
  emailVerified: "claim",
  logout: "provider",
  pictureHost: null,
  revokeOnSignOut: "auto",
  keepOfflineGrants: false,
  revocationEndsOneToken: false,
  refreshScope: "omit",
  apiOrigins: [],
  tokenExchange: { enabled: false, clients: [] },
  ...more,
});

/** Bytes that count up, so that two values are never the same and a failing test fails again. */
export function countedRandom(): RandomSource {
  let next = 0;
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 256) };
}

/** The real egress, allowed to speak plain http to loopback. Its time-outs run on `clock`; close it at the end. */
export const loopbackEgress = (
  options: { readonly clock?: Clock; readonly timeout?: Duration; readonly maxBytes?: number } = {},
): Egress =>
  createEgress({
    allow: ["127.0.0.0/8", "::1", "localhost"],
    allowHttp: ["127.0.0.1", "localhost"],
    timeout: options.timeout ?? seconds(10),
    maxBytes: options.maxBytes ?? 1_000_000,
    proxy: null,
    noProxy: [],
    ca: null,
    clock: options.clock ?? systemClock,
    log: silentLog,
  });
