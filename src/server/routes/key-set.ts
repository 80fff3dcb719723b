/**
 * What programs read before they trust what we sign: the key set (RFC 7517) and the metadata that leads to it (RFC 8414),
 * which lies at the root of our origin, where clients of an issuer with a path look for it, and below `basePath`, where
 * it is reached when only that is passed on to us. Public, the same for everybody, and kept for a few minutes.
 */
import { headersOf } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { publicDocumentHeaders } from "../headers.js";

/** Where clients look for an issuer's metadata (RFC 8414 §3.1): the well-known name goes before the path. */
export const metadataPath = (site: { readonly basePath: string }): string =>
  `/.well-known/oauth-authorization-server${site.basePath}`;

/** `GET {base}/jwks.json` */
export const showKeySet = (web: Web) => async (c: Ctx) => {
  const { keys, lifetime } = await web.features.keySet();
  return document(web, c, { keys }, lifetime / 1_000);
};

/** `GET {base}/client-jwks.json`: the keys with which we say who we are to authorization servers (SI-4). */
export const showClientKeySet = (web: Web) => async (c: Ctx) =>
  document(web, c, { keys: await web.features.clientKeySet() });

/** `GET /.well-known/oauth-authorization-server{basePath}`, and the same below `{base}`. */
export const showServerMetadata = (web: Web) => async (c: Ctx) => {
  const { base } = web.site;
  return document(web, c, {
    issuer: base,
    jwks_uri: `${base}/jwks.json`,
    // People sign in here at other authorization servers; there is no authorization endpoint of ours.
    response_types_supported: [],
    grant_types_supported: ["urn:ietf:params:oauth:grant-type:token-exchange"],
    token_endpoint: `${base}/token`,
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint: `${base}/revoke`,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint: `${base}/introspect`,
    introspection_endpoint_auth_methods_supported: methods,
  });
};

/** How services authenticate, at each endpoint. */
const methods = ["client_secret_basic", "client_secret_post"];

const document = (web: Web, c: Ctx, body: object, maxAge = 300): Response =>
  new Response(JSON.stringify(body), { headers: headersOf(c, publicDocumentHeaders(web.site, maxAge)) });
