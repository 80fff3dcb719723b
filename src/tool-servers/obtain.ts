/**
 * Tokens that nobody is asked for (TS-15, TS-21): one request, or an exchange and one request. What comes back is a value;
 * what it means to the grant is the vault's to decide. An error is not tried again here, nor in any other way.
 */
import { auditEvent } from "../audit/audit-event.js";
import { type AuditEventId, newId, type UserId } from "../kernel/ids.js";
import type { NormalisedTokenAnswer } from "../oauth/token-answer.js";
import { type BoundBy, type GrantAnswer, noTokenQuirks, readTokens, requestGrant } from "../oauth/token-endpoint.js";
import { exchangeForAccessToken, exchangeForIdJag, jwtBearer } from "../oauth/token-exchange.js";
import { type RefreshAnswer, withScopes } from "../oauth/token-request.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration, Provider } from "../providers/provider.js";
import type { PersonTokens } from "../vault/ports.js";
import type { Binding } from "./policy/binding.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";
import { readWorkloadToken } from "./workload-token.js";

/** What is asked for, of whom, as whom. */
export interface Asking {
  readonly server: ToolServer;
  readonly as: AuthorizationServer;
  readonly client: ClientRegistration;
  readonly scopes: readonly string[] | null;
  readonly resource: readonly string[];
  readonly boundBy: BoundBy | null;
  readonly binding: Binding;
}

/** As the client itself (RFC 6749 §4.4). */
export async function byCredentials(ports: ConnectPorts, asking: Asking): Promise<RefreshAnswer> {
  return tokensOf(asking, await ask(ports, asking, "client_credentials", new URLSearchParams()));
}

/** As the program that runs here, by a token that its platform put into a file (RFC 7523 §2.1). */
export async function byWorkload(ports: ConnectPorts, asking: Asking): Promise<RefreshAnswer> {
  const read = await readWorkloadToken(ports, asking.server);
  if (!read.ok) return { kind: "not_possible", reason: read.error };
  return tokensOf(asking, await ask(ports, asking, jwtBearer, new URLSearchParams({ assertion: read.value })));
}

/**
 * As the person who signed in, by the word of the provider that they signed in with: their ID token is exchanged there for an
 * assertion for this authorization server, which is used at once and kept nowhere.
 */
export async function byEnterprise(
  ports: ConnectPorts,
  asking: Asking,
  provider: Provider,
  person: PersonTokens,
): Promise<RefreshAnswer> {
  const idToken = await person.idToken(`provider:${provider.id}`);
  const idp = await ports.metadata.discover(provider);
  const { client, quirks, timeout } = provider;
  const { scopes, resource } = asking;
  const target = { as: idp, client, quirks };
  const audience = asking.as.issuer;
  const assertion = await exchangeForIdJag(ports, { target, timeout, idToken, audience, scopes, resource });
  if (assertion.kind !== "granted") return assertion;
  return tokensOf(asking, await ask(ports, asking, jwtBearer, new URLSearchParams({ assertion: assertion.value })));
}

/** As the person who signed in, at the provider itself: a token of its own for this one server (TS-21). */
export async function byProvider(
  ports: ConnectPorts,
  asking: Asking,
  provider: Provider,
  person: PersonTokens,
  user: UserId,
): Promise<RefreshAnswer> {
  const accessToken = await person.accessToken(`provider:${provider.id}`);
  const { client, quirks, timeout } = provider;
  const { as, scopes, resource } = asking;
  const target = { as, client, quirks };
  const answer = await exchangeForAccessToken(ports, { target, timeout, accessToken, scopes, resource });
  if (answer.kind === "granted") await tellOfProviderToken(ports, asking.server, provider, user, "exchange");
  return tokensOf(asking, answer);
}

/** What the operator allowed is written down each time it happens: whose token went to which server (TS-21). */
export async function tellOfProviderToken(
  ports: ConnectPorts,
  server: ToolServer,
  provider: Provider,
  user: UserId,
  way: "exchange" | "pass",
): Promise<void> {
  const now = ports.clock.now();
  const context = { requestId: newId<AuditEventId>(now, ports.random), address: null };
  const event = auditEvent(ports, now, context, {
    type: "tool_server.provider_token_used",
    actor: { kind: "user", id: user },
    target: { kind: "tool_server", id: server.id },
    provider: provider.id,
    connection: server.connection,
    data: { way, origin: new URL(server.url).origin },
  });
  await ports.store.transaction((tx) => tx.audit.append(event));
}

const ask = (ports: ConnectPorts, asking: Asking, grantType: string, parameters: URLSearchParams) => {
  const { as, client, boundBy } = asking;
  const target = { as, client, quirks: noTokenQuirks, boundBy };
  return requestGrant(ports, {
    target,
    grantType,
    parameters: withScopes(parameters, asking),
    timeout: null,
    read: readTokens,
  });
};

/** A refresh token has no place here, and an ID token is about nobody who signs in: neither is kept. */
function tokensOf({ boundBy, binding }: Asking, answer: GrantAnswer<NormalisedTokenAnswer>): RefreshAnswer {
  if (answer.kind !== "granted") return answer;
  const { tokenType } = answer.value;
  const fits = tokenType === "DPoP" ? boundBy !== null : binding !== "required";
  if (!fits) return { kind: "unreadable", reason: "token_type", status: 200 };
  return { kind: "tokens", tokens: { ...answer.value, refreshToken: null, idToken: null } };
}
