/**
 * Would the provider take our authorization request? It is made as for a sign-in, with values that are thrown away
 * and `prompt=none`, and asked without a browser and without a cookie, so that nobody can be signed in by it.
 *
 * A provider that knows the client and the redirect URI then leads back to that URI with `login_required` (OpenID
 * Connect Core §3.1.2.6), which proves both. A page proves little: where it shows no sign of a refusal, the check says
 * that it cannot tell.
 */
import { pkceChallenge } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import type { Egress } from "../egress/port.js";
import { isLatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import { authorizationParameters, authorizationUrl } from "../oauth/authorization-request.js";
import { providerText } from "../oauth/failures.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { check, type Finding } from "./finding.js";

export interface AuthorizeAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
}

/** What the answer says, in the order in which it is worth believing. */
export type AuthorizeVerdict =
  /** It led back to our redirect URI without an error that concerns us. */
  | { readonly kind: "accepted"; readonly by: string }
  /** It led back with an error, or showed one. */
  | { readonly kind: "refused"; readonly by: string }
  | { readonly kind: "unclear"; readonly by: string };

/** Errors that a provider answers once client and redirect URI are right, since nobody is there to take part. */
const nobodyThere = new Set([
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
  "access_denied",
]);
const later = new Set(["temporarily_unavailable", "server_error"]);

/** What error pages say, whatever their status. Sign-in pages hold the redirect URI too, so its name alone is no sign. */
const refusalWords =
  /redirect_uri_mismatch|AADSTS(50011|700016|90002)|invalid[\s_]+(parameter:?\s*)?(redirect[\s_]?ur[il]|client)|redirect[\s_]?ur[il]\b[^<>]{0,80}\b(mismatch|not\s+(allowed|registered|valid|match)|did not match|is invalid|is missing)|callback url mismatch|(unknown|unregistered) (client|redirect)|client (was )?not found|foreign redirect uri/i;

/** Judges one answer to the authorization request. Pure. */
export function judgeAuthorizeAnswer(answer: AuthorizeAnswer, redirectUri: string, askedUrl: string): AuthorizeVerdict {
  const { status, location, body } = answer;
  if (status >= 300 && status < 400 && location !== null && URL.canParse(location, askedUrl))
    return judgeRedirect(new URL(location, askedUrl), new URL(redirectUri));
  const words = refusalWords.exec(body)?.[0];
  if (words !== undefined)
    return { kind: "refused", by: `a page with status ${status} that says "${providerText(words, [])}"` };
  // Form Post Response Mode: a page whose form goes to our redirect URI is the answer itself.
  if (status === 200 && new RegExp(`action=["']${escapeHtmlPattern(redirectUri)}["']`).test(body)) {
    const error = /name="error"\s+value="([a-z_]{1,60})"/.exec(body)?.[1];
    return judgeError(error ?? null, "a form");
  }
  if (status === 400 || status === 404 || status === 405)
    return { kind: "refused", by: `a page with status ${status}` };
  return { kind: "unclear", by: `a page with status ${status} that shows no error` };
}

function judgeRedirect(to: URL, redirectUri: URL): AuthorizeVerdict {
  const error = to.searchParams.get("error") ?? new URLSearchParams(to.hash.slice(1)).get("error");
  const back = to.origin === redirectUri.origin && to.pathname === redirectUri.pathname;
  if (back) return judgeError(error, "a redirect");
  if (error !== null)
    return { kind: "refused", by: `a redirect to its own page with error=${providerText(error, [])}` };
  if (/(^|\/)error(\/|$)/.test(to.pathname) || to.searchParams.has("authError"))
    return { kind: "refused", by: `a redirect to its error page ${to.origin}${to.pathname}` };
  return { kind: "unclear", by: `a redirect to ${to.origin}${to.pathname}, perhaps its sign-in page` };
}

function judgeError(error: string | null, how: string): AuthorizeVerdict {
  if (error === null || nobodyThere.has(error))
    return {
      kind: "accepted",
      by: `${how} back to us${error === null ? "" : ` with error=${error}, as nobody was there`}`,
    };
  const by = `${how} back to us with error=${providerText(error, [])}`;
  return { kind: later.has(error) ? "unclear" : "refused", by };
}

const escapeHtmlPattern = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replace(/[.*+?^${}()|[\]\\/]/g, (sign) => (sign === "/" ? "(?:/|&#x2F;|&#47;)" : `\\${sign}`));

const why = "A provider sends people back only to a redirect URI that was registered there, character for character.";

/** Asks the authorization endpoint; with PAR, pushes the request first. Never signs anybody in. */
export async function checkAuthorize(
  ports: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource; readonly log: Log },
  input: { readonly as: AuthorizationServer; readonly provider: Provider },
): Promise<Finding> {
  const { as, provider } = input;
  const redirect = check(`redirect-uri:${provider.id}`, why);
  const register = `Register exactly ${provider.redirectUri} as redirect URI of client ${provider.client.clientId} at the provider, and check clientId and scopes.`;
  const parameters = {
    ...authorizationParameters({
      provider,
      state: randomToken(ports.random),
      nonce: randomToken(ports.random),
      codeChallenge: pkceChallenge(randomToken(ports.random)),
    }),
    prompt: "none",
  };
  let url: URL;
  try {
    url = await authorizationUrl(ports, { as, provider, parameters, now: ports.clock.now() });
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    const { error, description, reason } = thrown.data;
    const told = [error, description, reason].filter((part) => typeof part === "string").join(": ");
    return redirect.fail(`The request could not be pushed (RFC 9126): ${thrown.code}${told && `, ${told}`}.`, register);
  }
  try {
    const { status, headers, body } = await ports.egress.request({
      purpose: "check",
      url,
      timeout: provider.timeout ?? undefined,
      headers: { accept: "text/html,application/xhtml+xml" },
    });
    const answer = { status, location: headers.get("location"), body: new TextDecoder().decode(body) };
    const verdict = judgeAuthorizeAnswer(answer, provider.redirectUri, url.href);
    if (verdict.kind === "accepted")
      return redirect.ok(`${provider.redirectUri} is accepted: the provider answered with ${verdict.by}.`);
    if (verdict.kind === "refused") return redirect.fail(`The provider answered with ${verdict.by}.`, register);
    return redirect.skip(
      `Could not tell: the provider answered with ${verdict.by}.`,
      `Make sure that ${provider.redirectUri} is registered at the provider.`,
    );
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    // People's browsers may well reach what this machine does not.
    return redirect.warn(
      `Could not tell: ${url.host} does not answer from here (${String(thrown.data["reason"] ?? thrown.code)}).`,
      "Open a sign-in in a browser; only browsers need to reach the authorization endpoint.",
    );
  }
}
