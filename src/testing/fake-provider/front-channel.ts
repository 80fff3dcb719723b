/** The endpoints that a browser visits: authorization (RFC 6749 §3.1, with PKCE, `iss` and PAR) and end of session. */
import { decodeJwt } from "jose";
import { after, minutes } from "../../kernel/time.js";
import type { Answer, RecordedRequest } from "./answers.js";
import { type FakePerson, issueName, type ProviderState } from "./state.js";

const html = (title: string, body: string, status = 200): Answer => ({
  status,
  headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`,
});

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const found = (target: string, parameters: Readonly<Record<string, string | undefined>>): Answer => {
  const url = new URL(target);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.append(name, value);
  return { status: 302, headers: { Location: url.href, "Cache-Control": "no-store" } };
};

/** Sends the response to the redirect URI, by query or by a form that posts itself (Form Post Response Mode §2). */
function respond(
  redirectUri: string,
  mode: string | null,
  parameters: Readonly<Record<string, string | undefined>>,
): Answer {
  if (mode !== "form_post") return found(redirectUri, parameters);
  const inputs = Object.entries(parameters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join("");
  return html(
    "Continue",
    `<form method="post" action="${escape(redirectUri)}">${inputs}<button>Continue</button></form><script>document.forms[0].submit()</script>`,
  );
}

function whoSignsIn(state: ProviderState, loginHint: string | null): FakePerson | undefined {
  if (loginHint !== null) {
    for (const person of state.people.values())
      if (person.sub === loginHint || person.email === loginHint) return person;
  }
  return state.signedInAs === null ? undefined : state.people.get(state.signedInAs);
}

export function authorize(state: ProviderState, request: RecordedRequest): Answer {
  let asked = new URLSearchParams([...request.query, ...request.form]);
  const requestUri = asked.get("request_uri");
  if (requestUri !== null) {
    const pushed = state.pushedRequests.get(requestUri);
    state.pushedRequests.delete(requestUri);
    if (!pushed || pushed.clientId !== asked.get("client_id")) return html("Error", "unknown request_uri", 400);
    asked = new URLSearchParams([...pushed.parameters, ...[...asked].filter(([name]) => name === "login_hint")]);
  }

  // Until client and redirect URI are known to belong together, nothing may be sent anywhere (RFC 6749 §4.1.2.1).
  const client = state.clients.get(asked.get("client_id") ?? "");
  const redirectUri = asked.get("redirect_uri") ?? "";
  if (!client || !URL.canParse(redirectUri)) return html("Error", "unknown client or redirect URI", 400);
  if (client.redirectUris && !client.redirectUris.includes(redirectUri))
    return html("Error", "foreign redirect URI", 400);

  const answer = (parameters: Record<string, string>): Answer => {
    const sent = asked.get("state");
    const honest = { ...parameters, ...(sent === null ? {} : { state: sent }), iss: state.issuer };
    return respond(redirectUri, asked.get("response_mode"), state.tweaks.authorizationResponse?.(honest) ?? honest);
  };

  if (asked.get("response_type") !== "code") return answer({ error: "unsupported_response_type" });
  const challenge = asked.get("code_challenge");
  if (state.requirePkce && (challenge === null || asked.get("code_challenge_method") !== "S256")) {
    return answer({ error: "invalid_request", error_description: "PKCE with S256 is required" });
  }
  const person = whoSignsIn(state, asked.get("login_hint"));
  if (!person) return answer({ error: asked.get("prompt") === "none" ? "login_required" : "access_denied" });

  const now = state.clock.now();
  const code = issueName("code");
  state.codes.set(code, {
    clientId: client.clientId,
    redirectUri,
    scope: asked.get("scope") ?? "openid",
    nonce: asked.get("nonce") ?? undefined,
    codeChallenge: challenge ?? undefined,
    person,
    sid: issueName("sid"),
    authTime: now,
    expiresAt: after(now, minutes(1)),
    used: false,
  });
  return answer({ code });
}

/** OpenID Connect RP-Initiated Logout 1.0 §2, without asking the person: the hint says whose session ends. */
export function endSession(state: ProviderState, request: RecordedRequest): Answer {
  const asked = new URLSearchParams([...request.query, ...request.form]);
  const hint = asked.get("id_token_hint");
  if (hint !== null) {
    try {
      const { sid } = decodeJwt(hint);
      if (typeof sid === "string") state.endedSessions.add(sid);
    } catch {
      return html("Error", "the hint is no ID token", 400);
    }
  }
  const target = asked.get("post_logout_redirect_uri");
  if (target === null || !URL.canParse(target)) return html("Signed out", "You are signed out.");
  return found(target, { state: asked.get("state") ?? undefined });
}
