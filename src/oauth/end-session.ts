/** The address that signs somebody out at their provider (OpenID Connect RP-Initiated Logout 1.0 §2). Pure. */
import type { AuthorizationServer } from "./types.js";
import { browserUrl } from "./urls.js";

/**
 * The end-session URL, with the endpoint's own query kept. `undefined` when the provider has no usable endpoint:
 * it is opened in a browser, so it must be https, or http on a loopback host.
 */
export function endSessionUrl(
  as: AuthorizationServer,
  request: {
    /** Without one the provider asks the person whether they mean it. */
    readonly idToken: string | null;
    readonly clientId: string;
    readonly state: string;
    readonly postLogoutRedirectUri: string;
  },
): URL | undefined {
  const url = browserUrl(as.end_session_endpoint);
  if (!url) return undefined;
  url.hash = "";
  if (request.idToken !== null) url.searchParams.set("id_token_hint", request.idToken);
  url.searchParams.set("client_id", request.clientId);
  url.searchParams.set("post_logout_redirect_uri", request.postLogoutRedirectUri);
  url.searchParams.set("state", request.state);
  return url;
}
