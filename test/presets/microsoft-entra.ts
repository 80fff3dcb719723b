/**
 * Entra ID as its pages describe it, on loopback: `/{tenant}/v2.0` with discovery, and a key set whose keys carry the
 * `issuer` they sign for. https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc (metadata),
 * …/id-token-claims-reference (`tid`, `oid`, `ver`, `email`, no `email_verified`), …/access-tokens#validate-the-issuer
 * (the key's `issuer`, a template for keys of all organizations).
 */
import type { FakePerson, FakeProvider } from "../../src/testing/index.js";
import { aWorldAt, type ProviderInput } from "../options/setting.js";

export const contoso = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
export const fabrikam = "72f988bf-86f1-41af-91ab-2d7cd011db47";
export const personal = "9188040d-6c67-4c5b-b112-36a304b66dad";

export const ada: FakePerson = {
  sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
  name: "Ada Contoso",
  claims: { email: "ada@contoso.com", preferred_username: "ada@contoso.com" },
};

export interface Entra {
  /** Signs in here; also its name in `iss`. */
  tenant: string;
  /** What discovery calls its issuer; undefined: the template for groups, the tenant for one. */
  discovered: string | undefined;
  /** Over the honest ID token. */
  claims: Record<string, unknown>;
  /** `issuer` of the published key. */
  keyIssuer: string;
  /** `iss` of the callback. */
  responseIss: string | undefined;
}

export const loginHost = (provider: FakeProvider): string => new URL(provider.issuer).origin;
export const issuerOf = (provider: FakeProvider, tenant: string): string => `${loginHost(provider)}/${tenant}/v2.0`;

/** A world with Entra in it, asked for under `asked` (a tenant's id or name, or a group). */
export async function anEntra(asked: string, more: Partial<ProviderInput> = {}, how: Partial<Entra> = {}) {
  const entra: Entra = {
    tenant: contoso,
    discovered: undefined,
    claims: {},
    keyIssuer: "{login}/{tenantid}/v2.0",
    responseIss: undefined,
    ...how,
  };
  const world = await aWorldAt(
    (provider) => {
      behave(provider, asked, entra);
      return {
        id: "entra",
        preset: "microsoft",
        issuer: undefined,
        tenant: asked,
        loginBaseUrl: loginHost(provider),
        ...more,
      };
    },
    { path: `/${asked.toLowerCase()}/v2.0`, alg: "RS256", people: [ada] },
  );
  return { world, entra, provider: world.provider };
}

function behave(provider: FakeProvider, asked: string, entra: Entra): void {
  const groups = ["common", "organizations"];
  provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
    ...metadata,
    issuer: issuerOf(provider, entra.discovered ?? (groups.includes(asked) ? "{tenantid}" : entra.tenant)),
    revocation_endpoint: undefined,
    pushed_authorization_request_endpoint: undefined,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
  });
  provider.tweaks.jwks = (keys) =>
    keys.map(({ alg: _, ...key }) => ({ ...key, issuer: entra.keyIssuer.replace("{login}", loginHost(provider)) }));
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: entra.responseIss });
  provider.tweaks.idTokenClaims = ({ at_hash: _, auth_time: __, email_verified: ___, ...claims }) => ({
    ...claims,
    iss: issuerOf(provider, entra.tenant),
    tid: entra.tenant,
    oid: "00000000-0000-0000-66f3-3332eca7ea81",
    ver: "2.0",
    ...entra.claims,
  });
}
