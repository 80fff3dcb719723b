/**
 * Every failure that a person, a caller or an operator can meet, as data. The families are closed, their
 * reasons grow; a code is never reused. `docs/reference/errors.md` is printed from this table.
 *
 * `message` is shown to people: no jargon, no private fact. `person` says what they can do next, `operator`
 * where the operator should look. What nobody foresaw is `server.unexpected`, and each one is a defect.
 */
export interface ErrorEntry {
  /** HTTP status of the answer (RFC 9110). */
  readonly status: number;
  /** True when the same request may succeed if it is made again, unchanged. */
  readonly retryable: boolean;
  readonly message: string;
  readonly person: string;
  readonly operator: string;
}

const again = "Go back to the sign-in page and start again.";
const ask = "Ask the person who runs this app, and give them the request id.";

/** Every failure by its code. The codes are stable; the words may be improved in any release. */
export const errorCatalog = {
  "signin.parameter_repeated": { status: 400, retryable: false, message: "The answer from the sign-in provider could not be read.", person: again, operator: "The callback carried one parameter twice; a proxy or an attacker changed it." },
  "signin.parameter_too_long": { status: 400, retryable: false, message: "The answer from the sign-in provider was too long.", person: again, operator: "A callback parameter was over its length; see the log for which one." },
  "signin.parameter_missing": { status: 400, retryable: false, message: "The answer from the sign-in provider was incomplete.", person: again, operator: "The callback carried neither code nor error, or no state." },
  "signin.state_unknown": { status: 400, retryable: true, message: "This sign-in did not start in this browser, or its cookie is gone.", person: `${again} If it happens again, allow cookies for this site.`, operator: "No flow cookie matches the state: cookies blocked, baseUrl differs from the address people use, or another secret on another node." },
  "signin.state_expired": { status: 400, retryable: true, message: "This sign-in took too long.", person: again, operator: "The flow was older than signIn.flowLifetime." },
  "signin.flow_used": { status: 400, retryable: true, message: "This sign-in has already been finished.", person: again, operator: "The callback was sent twice: a reload, a link scanner, or a replay." },
  "signin.issuer_rejected": { status: 400, retryable: false, message: "The answer did not come from the sign-in provider that was asked.", person: again, operator: "The iss parameter is missing or differs from the configured issuer (RFC 9207); compare both in the log." },
  "signin.denied": { status: 403, retryable: true, message: "The sign-in was cancelled at the provider.", person: again, operator: "The provider answered access_denied." },
  "signin.interaction_required": { status: 400, retryable: true, message: "The provider needs you to take part in the sign-in.", person: again, operator: "The provider answered login_required, consent_required, interaction_required or account_selection_required; is prompt=none set?" },
  "signin.provider_refused": { status: 502, retryable: false, message: "The sign-in provider refused the request.", person: ask, operator: "The provider's error is in the log beside the request id; check client id, scopes and redirect URI there." },
  "signin.provider_unavailable": { status: 503, retryable: true, message: "The sign-in provider cannot be reached at the moment.", person: "Try again in a minute, or choose another way to sign in.", operator: "Discovery, keys or the token endpoint did not answer; the cause is in the log." },
  "signin.provider_misconfigured": { status: 502, retryable: false, message: "Sign-in with this provider is not set up correctly.", person: ask, operator: "The provider's metadata is not usable with this configuration; the cause is in the log." },
  "signin.provider_unknown": { status: 404, retryable: false, message: "There is no such sign-in provider here.", person: "Choose one of the providers on the sign-in page.", operator: "The id in the URL is not in the configuration." },
  "signin.provider_disabled": { status: 403, retryable: false, message: "This sign-in provider is switched off.", person: "Choose another provider on the sign-in page.", operator: "enabled: false is set for this provider." },
  "signin.client_rejected": { status: 502, retryable: false, message: "Sign-in with this provider is not set up correctly.", person: ask, operator: "The token endpoint answered invalid_client or unauthorized_client: check clientId, clientSecret and tokenEndpointAuthMethod." },
  "signin.code_rejected": { status: 400, retryable: true, message: "The sign-in provider did not accept its own answer.", person: again, operator: "invalid_grant at the token endpoint: the code expired, was used before, or the redirect URI differs." },
  "signin.token_answer_invalid": { status: 502, retryable: false, message: "The sign-in provider sent an answer that could not be used.", person: ask, operator: "The token answer broke RFC 6749 §5.1 or OpenID Connect Core §3.1.3.3; which part is in the log." },
  "signin.id_token_invalid": { status: 502, retryable: false, message: "The sign-in provider sent a proof of identity that is not valid.", person: ask, operator: "The ID token failed OpenID Connect Core §3.1.3.7; which check is in the log. A wrong clock is a frequent cause." },
  "signin.userinfo_invalid": { status: 502, retryable: false, message: "The sign-in provider sent details that could not be used.", person: ask, operator: "The userinfo answer could not be read or was about another subject." },
  "signin.subject_invalid": { status: 502, retryable: false, message: "The sign-in provider did not say who you are.", person: ask, operator: "The subject claim is missing, empty, too long, or neither text nor number; check claims.subject." },
  "signin.email_missing": { status: 403, retryable: false, message: "The sign-in provider did not give an e-mail address.", person: "Add an e-mail address to your account at the provider, then sign in again.", operator: "The e-mail claim is absent; add the email scope, set claims.email, or turn signIn.emailFallback on." },
  "signin.email_invalid": { status: 403, retryable: false, message: "The e-mail address from the sign-in provider cannot be used.", person: ask, operator: "The e-mail claim is not one plain address." },
  "signin.claims_unreadable": { status: 400, retryable: false, message: "The claims could not be read.", person: ask, operator: "latchkey claims explain wants one JSON object of at most 4 MB, such as the payload of an ID token." },
  "signin.setup_required": { status: 403, retryable: false, message: "This installation is not set up yet.", person: ask, operator: "Use the one-time set-up link that serve printed, or set signIn.bootstrapAdmins." },
  "signin.return_refused": { status: 400, retryable: false, message: "That page cannot be opened after sign-in.", person: again, operator: "return_to was not a path on this origin and was replaced by signIn.defaultReturnTo." },
  "link.email_taken": { status: 403, retryable: false, message: "There is already an account with this e-mail address.", person: "Sign in the way you did before, then add this provider on your account page.", operator: "signIn.linking is deny, or the addresses are not verified on both sides. It keeps people from coming into an account by claiming its address; who is in may add the provider." },
  "link.issuer_taken": { status: 403, retryable: false, message: "This account already has a sign-in at this provider.", person: "Sign in with the provider account that you used before, or remove it on your account page first.", operator: "The user has another identity of the same issuer, and one is all that an account may have." },
  "link.identity_taken": { status: 409, retryable: false, message: "This provider account belongs to another account here.", person: "Use another account at the provider. If both accounts are yours, sign in to the other one and remove the provider there first.", operator: "The identity (issuer and subject) belongs to another user; the audit event identity.link_refused names both." },
  "link.last_identity": { status: 409, retryable: false, message: "This is the only way left to sign in to your account.", person: "Add another sign-in method first.", operator: "No other identity of this user belongs to a provider that is configured and enabled." },
  "link.not_found": { status: 404, retryable: false, message: "There is no such sign-in method.", person: "It may already have been removed; load the page again.", operator: "No identity of this user has this id." },
  "link.reauthentication_required": { status: 403, retryable: false, message: "Your last sign-in is too long ago for this.", person: "Sign in again, then try once more within ten minutes.", operator: "Sign-in methods are changed only in a session that is not older than 10 minutes (AC-4)." },
  "link.session_changed": { status: 403, retryable: false, message: "The sign-in method was not added, because you are signed in differently now.", person: "Sign in, go to your account page and add it from there.", operator: "The flow was begun by another user or in another session, or that session has ended. Many of these may be an attack (AT-12)." },
  "account.sign_up_closed": { status: 403, retryable: false, message: "You do not have an account here.", person: ask, operator: "signIn.signUp is off and the identity is unknown." },
  "account.domain_refused": { status: 403, retryable: false, message: "Your e-mail address may not be used here.", person: ask, operator: "The address is outside signIn.allowedDomains, or not verified." },
  "account.disabled": { status: 403, retryable: false, message: "Your account has been switched off.", person: ask, operator: "The user is disabled: latchkey user show." },
  "account.pending": { status: 403, retryable: false, message: "Your account is waiting for approval.", person: "Wait until an administrator lets you in.", operator: "The user's role is pending: latchkey user role." },
  "account.not_found": { status: 404, retryable: false, message: "There is no such account.", person: "Check the address or id.", operator: "No user has this id or e-mail address." },
  "account.exists": { status: 409, retryable: false, message: "There is already an account with this e-mail address.", person: "Use that account, or another address.", operator: "A user has this address: latchkey user show." },
  "account.email_invalid": { status: 400, retryable: false, message: "This is not an e-mail address that an account can have.", person: "Check the address.", operator: "It has to be one plain address: name@example.com." },
  "account.last_admin": { status: 409, retryable: false, message: "This would leave nobody in charge.", person: "Make somebody else an admin first.", operator: "The last enabled admin cannot be demoted, disabled or deleted." },
  "account.role_refused": { status: 403, retryable: false, message: "Your sign-in provider gives you no access to this app.", person: `${ask} They decide who gets in.`, operator: "The roles claim is empty, or no value in it fits roles.allowed, roles.admin or roles.rules, and roles.noMatch is deny." },
  "account.roles_absent": { status: 403, retryable: false, message: "Your sign-in provider did not say what you may do here.", person: ask, operator: "The roles claim is not there: check signIn.claims.roles, the scopes, and that the provider sends it. See roles.absent." },
  "account.roles_unknown": { status: 403, retryable: true, message: "What you may do here could not be found out.", person: "Try again in a minute. If it happens again, ask the person who runs this app.", operator: "The provider sent too many roles for a token (overage), or userinfo failed; somebody new is not let in on a guess." },
  "account.groups_too_many": { status: 403, retryable: false, message: "Your sign-in provider lists more groups for you than this app can take.", person: ask, operator: "The groups or roles claim holds more than limits.groupsPerClaim values: let the provider send fewer, or raise the limit." },
  "account.role_unknown": { status: 400, retryable: false, message: "There is no such role.", person: "Choose one of the roles that are listed.", operator: "roles.order lists the roles that exist." },
  "session.missing": { status: 401, retryable: false, message: "You are not signed in.", person: "Sign in.", operator: "No session cookie and no Bearer value came with the request." },
  "session.invalid": { status: 401, retryable: false, message: "You are no longer signed in.", person: "Sign in again.", operator: "The session value is unknown, malformed, ended or expired." },
  "session.conflict": { status: 401, retryable: false, message: "The request carries two different sign-ins.", person: "Sign in again.", operator: "The cookie and the Bearer value differ, or one of them came twice." },
  "session.not_found": { status: 404, retryable: false, message: "There is no such session.", person: "It may already have ended; load the page again.", operator: "No session of this user has this id." },
  "session.origin_refused": { status: 403, retryable: false, message: "This request did not come from one of our own pages.", person: "Go to your account page and try again from there.", operator: "Origin is not baseUrl's origin: cross-site request, or baseUrl differs from the address people use." },
  "logout.token_invalid": { status: 400, retryable: false, message: "The provider's sign-out message is not valid.", person: ask, operator: "The logout token failed OpenID Connect Back-Channel Logout 1.0 §2.6; which check is in the log. A wrong clock and a client id of another app are frequent causes." },
  "logout.request_invalid": { status: 400, retryable: false, message: "The provider's sign-out request is not valid.", person: ask, operator: "A front-channel logout needs sid, once, and an iss of a configured provider, once, where the URL names no provider; register the URI with session required." },
  "logout.unfinished": { status: 400, retryable: true, message: "The sign-out could not be finished.", person: "Try again in a moment.", operator: "The database or the provider's keys could not be had, so nothing was ended; the cause is in the log. The provider should send its message again." },
  "grant.not_connected": { status: 404, retryable: false, message: "This account is not connected.", person: "Connect it first: sign in with that provider.", operator: "The person holds no grant for this connection, or only those of sessions that are over." },
  "grant.needs_reconnect": { status: 409, retryable: false, message: "The connection has to be renewed.", person: "Sign in with that provider again.", operator: "The provider ended the grant, or there was no refresh token; data.reason and the audit event grant.needs_reconnect say which." },
  "grant.refresh_unavailable": { status: 503, retryable: true, message: "The connection cannot be used at the moment.", person: "Try again in a moment.", operator: "The access token has expired and the token endpoint did not give a new one yet; it is asked again by itself. data.retryAfter says when." },
  "grant.client_rejected": { status: 502, retryable: false, message: "This connection is not set up correctly.", person: ask, operator: "The token endpoint answered a refresh with invalid_client or unauthorized_client: check clientId, clientSecret and tokenEndpointAuthMethod. Grants are kept." },
  "grant.provider_refused": { status: 502, retryable: false, message: "This connection is not set up correctly.", person: ask, operator: "The token endpoint refused a refresh for a reason that is not the grant's; the error is in the log and in the audit event. It is tried again when the client changes, or after an hour." },
  "grant.unreadable": { status: 500, retryable: false, message: "The connection cannot be used at the moment.", person: ask, operator: "No configured secret opens this grant: was a secret taken away that still sealed it? The row is kept." },
  "grant.connection_unknown": { status: 404, retryable: false, message: "There is no such connection.", person: "Check its name.", operator: "The connection is not in the configuration; they are named provider:<id>." },
  "grant.connection_disabled": { status: 403, retryable: false, message: "This connection is switched off.", person: ask, operator: "enabled: false is set for it. Grants are kept." },
  "grant.url_refused": { status: 403, retryable: false, message: "A request to another server was refused.", person: ask, operator: "vault.fetch sends a token only to the connection's apiOrigins and its userinfo endpoint, and follows no redirect out of them." },
  "grant.consent_required": { status: 403, retryable: false, message: "The connection does not allow this.", person: "Connect again and allow what is asked for.", operator: "The API answered insufficient_scope: add the scope to the provider's scopes." },
  "config.invalid": { status: 500, retryable: false, message: "The configuration is not valid.", person: ask, operator: "Every problem is listed with its path; latchkey config check shows them." },
  "config.not_found": { status: 500, retryable: false, message: "There is no configuration.", person: ask, operator: "Give --config FILE, or put latchkey.yaml into this folder." },
  "config.unreadable": { status: 500, retryable: false, message: "The configuration cannot be read.", person: ask, operator: "The file is missing, is not valid YAML or JSON, or names a secret file that cannot be read." },
  "config.cannot_listen": { status: 500, retryable: true, message: "The server cannot listen on its address.", person: ask, operator: "Another process has the port, or the address is not this machine's: see server.host, server.port and --port." },
  "config.secret_weak": { status: 500, retryable: false, message: "The configuration is not valid.", person: ask, operator: "A secret is shorter than 32 bytes or is a known example value. Make one: openssl rand -base64 32" },
  "egress.url_refused": { status: 502, retryable: false, message: "A request to another server was refused.", person: ask, operator: "The URL is not https, has user information, or is no URL; see egress.allowHttp." },
  "egress.address_refused": { status: 502, retryable: false, message: "A request to another server was refused.", person: ask, operator: "The host resolves to a private or special-use address; add it to egress.allow if it is yours." },
  "egress.redirect_refused": { status: 502, retryable: false, message: "Another server sent us elsewhere.", person: ask, operator: "A redirect where none is followed, more than three of them, or one from https to http." },
  "egress.timeout": { status: 504, retryable: true, message: "Another server took too long to answer.", person: "Try again in a minute.", operator: "No whole answer within egress.timeout, or the provider's own timeout." },
  "egress.too_large": { status: 502, retryable: false, message: "Another server sent too much.", person: ask, operator: "The answer, or its headers, went over the limit; see egress.maxBytes." },
  "egress.content_type": { status: 502, retryable: false, message: "Another server sent something unexpected.", person: ask, operator: "The answer's content type is not one that this request can use." },
  "egress.failed": { status: 502, retryable: true, message: "Another server cannot be reached.", person: "Try again in a minute.", operator: "DNS, TCP or TLS failed; the cause is in the log." },
  "egress.not_accepted": { status: 502, retryable: true, message: "Another server did not accept a message.", person: ask, operator: "The receiver of a webhook answered with a status outside 200 to 299: latchkey webhook list shows which." },
  "store.busy": { status: 503, retryable: true, message: "The service is very busy.", person: "Try again in a moment.", operator: "The database stayed locked for 5 seconds; is another process holding a transaction open?" },
  "store.unavailable": { status: 503, retryable: true, message: "The service is not available at the moment.", person: "Try again in a moment.", operator: "The database cannot be opened or asked; the cause is in the log." },
  "store.newer": { status: 503, retryable: false, message: "The service is not available at the moment.", person: ask, operator: "The database was migrated by a newer version of Latchkey; start that version." },
  "store.not_migrated": { status: 503, retryable: false, message: "The service is not available at the moment.", person: ask, operator: "Run latchkey migrate, then start again." },
  "store.driver_missing": { status: 500, retryable: false, message: "The service is not available at the moment.", person: ask, operator: "The database or bus of the configuration needs a package that is not installed: npm install pg for Postgres, npm install ioredis for Redis." },
  "server.rate_limited": { status: 429, retryable: true, message: "Too many requests.", person: "Wait a little, then try again.", operator: "See rateLimits; is server.trustedProxies set, so that people are not all one address?" },
  "server.token_required": { status: 401, retryable: false, message: "This page is for programs that know its token.", person: ask, operator: "observability.metrics.token is set: send it as Authorization: Bearer." },
  "server.not_found": { status: 404, retryable: false, message: "There is no such page.", person: "Check the address.", operator: "No route matches." },
  "server.method_refused": { status: 405, retryable: false, message: "This page cannot be used in that way.", person: "Go back and try again.", operator: "The route exists, but not for this method; Allow lists those it has." },
  "server.bad_request": { status: 400, retryable: false, message: "The request could not be read.", person: "Go back and try again.", operator: "The request is malformed or a field is not valid; errors lists each." },
  "server.unexpected": { status: 500, retryable: false, message: "Something went wrong.", person: ask, operator: "A defect: the log has the cause under this request id. Please report it." },
} as const satisfies Record<string, ErrorEntry>;

/** A stable code, `family.reason`. */
export type ErrorCode = keyof typeof errorCatalog;
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorCatalog, text);
