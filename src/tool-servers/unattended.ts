/**
 * A connection that nobody connects, as the vault needs it (TS-15, TS-21): what its row is made of, and how its tokens are
 * got. Who we are at its authorization server is found and bound as for any other (TS-10).
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { newProofKey } from "../crypto/proof-key.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { noTokenQuirks } from "../oauth/token-endpoint.js";
import { tokenExchange } from "../oauth/token-exchange.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import type { GrantRecord } from "../store/records.js";
import type { GrantClient, PersonTokens, UnattendedGrant } from "../vault/ports.js";
import { openGrant } from "../vault/sealed-grant.js";
import { mustBeThere, requireAccess } from "./admission.js";
import { clientOfGrant } from "./client-of-grant.js";
import type { FoundToolServer } from "./found.js";
import { type Asking, byCredentials, byEnterprise, byProvider, byWorkload } from "./obtain.js";
import { bindingFor } from "./policy/binding.js";
import { resourceOf } from "./policy/resource-parameter.js";
import { chooseScopes, isStepUp } from "./policy/scopes.js";
import { providerTokenWay, type UnattendedWay, unattendedWay } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import { signInProvider } from "./sign-in-provider.js";
import type { ToolServer } from "./tool-server.js";
import { readWorkloadToken } from "./workload-token.js";

/**
 * What its row is made of; null where a person has to connect it, or what is sent is no token of this connection.
 *
 * @throws LatchkeyError `connect.*` where it cannot be had now
 */
export async function unattendedGrant(
  ports: ConnectPorts,
  server: ToolServer,
  user: UserId,
): Promise<UnattendedGrant | null> {
  const way = unattendedWay(server);
  if (way === null) return null;
  await requireAccess(ports.store, await ports.store.users.byId(user), server);
  const found = await ports.find(server);
  const asked = { server: server.url, resource: resourceOf(server, found), scopes: [], withoutPerson: way };
  const there: Pick<UnattendedGrant, "mustBeThere"> = { mustBeThere: (tx) => mustBeThere(tx, server) };
  if (way === "provider") {
    const provider = signInProvider(ports.providers, server);
    const as = await ports.metadata.discover(provider);
    if (wayOfProvider(server, found, provider, as) === "pass") return null;
    return { issuer: as.issuer, clientId: provider.client.clientId, asked: { ...asked, confined: true }, ...there };
  }
  const as = protectedBy(server, found);
  const { clientId } = await ports.clients.forServer(server, as);
  return { issuer: as.issuer, clientId, asked, ...there };
}

/** Whether the person's own access token goes to this server, or one that is got for it. */
export const wayOfProvider = (
  { passToken }: ToolServer,
  found: FoundToolServer,
  { issuers, issuer }: Provider,
  as: AuthorizationServer,
) =>
  providerTokenWay({
    found,
    passToken,
    issuers: [...issuers, issuer, as.issuer],
    exchanges: as.grant_types_supported?.includes(tokenExchange) === true,
  });

/** How the tokens of such a row are got. @throws LatchkeyError `grant.needs_reconnect` where it counts no more */
export async function unattendedClient(
  ports: ConnectPorts,
  server: ToolServer,
  way: UnattendedWay,
  grant: GrantRecord,
): Promise<GrantClient> {
  const found = await ports.find(server);
  const { as, client } =
    way === "provider" ? await atProvider(ports, server, grant) : await clientOfGrant(ports, server, grant);
  // The operator's credentials belong to one issuer; a token is asked for nowhere else.
  if (way !== "provider") await ports.clients.forServer(server, as);
  const binding = way === "provider" ? "none" : bindingFor(server, found);
  // Whether tokens are bound is the server's to say at any time: one that begins to gets a key with the next token.
  const key = binding === "none" ? null : (openGrant(ports.keyring, grant)?.proofKey ?? newProofKey());
  // At the provider nothing else says which server a token is to be for (TS-21).
  const resource = resourceOf(way === "provider" ? { ...server, resource: "include" } : server, found);
  const scopes = await scopesFor(ports, server, found, grant.userId, way);
  const asking: Asking = {
    server,
    as,
    client,
    scopes: scopes.length === 0 ? null : scopes,
    resource: resource === null ? [] : [resource],
    boundBy: key === null ? null : { key, proofs: ports.proofs },
    binding,
  };
  return {
    ...asking,
    quirks: noTokenQuirks,
    readIdToken: null,
    revokedAtSignOut: "always",
    shows: (person) => shown(ports, server, way, person),
    onClientFault: async () => {
      if (way !== "provider") await ports.clients.rejected(server, as, grant.clientId, "token");
    },
    obtain: (person) => {
      switch (way) {
        case "client-credentials":
          return byCredentials(ports, asking);
        case "workload":
          return byWorkload(ports, asking);
        case "enterprise":
          return byEnterprise(ports, asking, signInProvider(ports.providers, server), person);
        case "provider":
          return byProvider(ports, asking, signInProvider(ports.providers, server), person, grant.userId);
        default:
          return way satisfies never;
      }
    },
  };
}

function protectedBy(server: ToolServer, found: FoundToolServer): AuthorizationServer {
  if (found.status !== "open" && found.authorizationServer) return found.authorizationServer;
  throw new LatchkeyError("connect.server_open", { data: { toolServer: server.id } });
}

async function atProvider(ports: ConnectPorts, server: ToolServer, grant: GrantRecord) {
  const provider = signInProvider(ports.providers, server);
  const as = await ports.metadata.discover(provider);
  const over = (reason: string) => new LatchkeyError("grant.needs_reconnect", { data: { reason } });
  if (as.issuer !== grant.issuer) throw over("issuer_changed");
  if (provider.client.clientId !== grant.clientId) throw over("client_replaced");
  return { as, client: provider.client };
}

/** As for a person (TS-12), without `offline_access`: there is nothing that could outlive anybody. */
async function scopesFor(
  ports: ConnectPorts,
  server: ToolServer,
  found: FoundToolServer,
  user: UserId,
  way: UnattendedWay,
): Promise<readonly string[]> {
  // A provider knows the scopes of a resource that it protects, and not those that another one lists.
  if (way === "provider") return server.scopes ?? [];
  const known = (await ports.store.challenges.of(user, server.connection))?.challenge ?? null;
  const { scopes } = chooseScopes({
    override: server.scopes,
    challenge: known !== null && !isStepUp(known) ? known : found.challenge,
    supported: found.resource?.scopesSupported ?? null,
    offered: null,
    requested: null,
    promptIsSet: true,
  });
  return scopes;
}

/** What a token is got with, beside the client at its authorization server. */
async function shown(ports: ConnectPorts, server: ToolServer, way: UnattendedWay, person: PersonTokens) {
  if (way === "client-credentials") return way;
  if (way === "workload") return digestOf(ports, server);
  const named = ports.providers.all().filter(({ id }) => server.provider === null || id === server.provider);
  const [{ id, client } = {}] = named;
  if (id === undefined || client === undefined) return way;
  const us = { ...client, clientSecret: client.clientSecret?.reveal(), clientKey: client.clientKey?.reveal() };
  return JSON.stringify([way, us, await person.standing(`provider:${id}`)]);
}

async function digestOf(ports: ConnectPorts, server: ToolServer): Promise<string> {
  const read = await readWorkloadToken(ports, server);
  return read.ok ? sha256Base64Url(read.value) : read.error;
}
