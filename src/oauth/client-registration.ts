/**
 * Dynamic client registration (RFC 7591) and its upkeep (RFC 7592): one request each, and the answer read with mistrust.
 * What the answer says of method, redirect URIs and grant types holds, whatever was asked for.
 *
 * Not here: when to register, keeping what came of it, trying again (tool-servers).
 */
import type { Egress, EgressMethod, EgressResponse } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type Secret, secret } from "../kernel/secret.js";
import { type Instant, toInstant } from "../kernel/time.js";
import type { ClientAuthenticationMethod } from "../providers/provider.js";
import { isTransientStatus, providerText } from "./failures.js";
import { endpointUrl } from "./urls.js";

/** What is asked for. */
export interface WantedClient {
  readonly clientName: string;
  readonly clientUri: string;
  readonly redirectUri: string;
  readonly applicationType: "web" | "native";
  readonly method: ClientAuthenticationMethod;
}

/** Who we are from now on. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly clientSecret: Secret | null;
  /** Null: it does not run out, or there is none. */
  readonly secretEndsAt: Instant | null;
  readonly method: ClientAuthenticationMethod;
  /** How the registration is looked after (RFC 7592); both or neither. */
  readonly management: { readonly uri: string; readonly token: Secret } | null;
}

export type RegistrationFailure =
  /** `error` in the server's words (RFC 7591 §3.2.2), `description` fit for an operator's eyes. */
  | { readonly kind: "refused"; readonly error: string; readonly description: string | null; readonly status: number }
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "unusable"; readonly reason: string };

type Deps = { readonly egress: Egress };
type Answered = Result<RegisteredClient, RegistrationFailure>;

/** Methods that a registration can have without a key of ours, in the order in which we like them. */
const ours: readonly ClientAuthenticationMethod[] = ["client_secret_basic", "client_secret_post", "none"];

/** The first of ours that the server lists; basic where it lists nothing, or nothing that we can do (RFC 8414 §2). */
export const methodToAskFor = (listed: readonly string[] | undefined): ClientAuthenticationMethod =>
  ours.find((method) => listed?.includes(method)) ?? "client_secret_basic";

export function registerClient(
  deps: Deps,
  input: { readonly endpoint: string; readonly wanted: WantedClient; readonly initialAccessToken: Secret | null },
): Promise<Answered> {
  const { endpoint, wanted, initialAccessToken } = input;
  return ask(deps, { method: "POST", url: endpoint, token: initialAccessToken, body: metadataOf(wanted) }, wanted);
}

/** Tells the server our new redirect URI (RFC 7592 §2.2). */
export function updateClient(
  deps: Deps,
  input: { readonly registered: RegisteredClient; readonly wanted: WantedClient },
): Promise<Answered> {
  const { registered, wanted } = input;
  if (!registered.management) return Promise.resolve(err({ kind: "unusable", reason: "no_management" }));
  const { uri, token } = registered.management;
  const secretToo = registered.clientSecret ? { client_secret: registered.clientSecret.reveal() } : {};
  const body = { ...metadataOf(wanted), client_id: registered.clientId, ...secretToo };
  return ask(deps, { method: "PUT", url: uri, token, body }, wanted, registered);
}

/**
 * Takes a registration back (RFC 7592 §2.3). Undefined when nothing is left to do there: it is gone, was not there, or the
 * server does not do this (its word in `refused`, for the log).
 */
export async function deleteClient(
  deps: Deps,
  management: NonNullable<RegisteredClient["management"]>,
): Promise<{ readonly kind: "unavailable" | "refused"; readonly reason: string } | undefined> {
  const { uri: url, token } = management;
  const sent = await send(deps, { method: "DELETE", url, token, body: undefined });
  if (!sent.ok)
    return { kind: sent.error.kind === "unavailable" ? "unavailable" : "refused", reason: sent.error.reason };
  const { status } = sent.value;
  if (status >= 200 && status < 300) return undefined;
  return { kind: isTransientStatus(status) ? "unavailable" : "refused", reason: `status_${status}` };
}

const metadataOf = (wanted: WantedClient): JsonObject => ({
  client_name: wanted.clientName,
  client_uri: wanted.clientUri,
  redirect_uris: [wanted.redirectUri],
  response_types: ["code"],
  grant_types: ["authorization_code", "refresh_token"],
  application_type: wanted.applicationType,
  token_endpoint_auth_method: wanted.method,
});

interface Outgoing {
  readonly method: EgressMethod;
  readonly url: string;
  readonly token: Secret | null;
  readonly body: JsonObject | undefined;
}

async function ask(deps: Deps, request: Outgoing, wanted: WantedClient, before?: RegisteredClient): Promise<Answered> {
  const sent = await send(deps, request);
  if (!sent.ok) return sent;
  const { status, body } = sent.value;
  if (isTransientStatus(status)) return err({ kind: "unavailable", reason: `status_${status}` });
  const document = parseJson(new TextDecoder().decode(body));
  if (status !== 200 && status !== 201) {
    const error = isJsonObject(document) ? text(document, "error") : undefined;
    const description = isJsonObject(document) ? text(document, "error_description") : undefined;
    const secrets = [request.token?.reveal() ?? "", before?.clientSecret?.reveal() ?? ""];
    return err({
      kind: "refused",
      error: providerText(error ?? `status_${status}`, secrets),
      description: description === undefined ? null : providerText(description, secrets),
      status,
    });
  }
  if (!isJsonObject(document)) return err({ kind: "unusable", reason: "no_json_object" });
  return readRegistration(document, wanted, request.url, before);
}

async function send(
  deps: Deps,
  { method, url, token, body }: Outgoing,
): Promise<Result<EgressResponse, Exclude<RegistrationFailure, { kind: "refused" }>>> {
  const headers = {
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(token ? { authorization: `Bearer ${token.reveal()}` } : {}),
  };
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return ok(await deps.egress.request({ purpose: "registration", url, method, headers, body: text }));
  } catch (thrown) {
    if (!(thrown instanceof LatchkeyError) || !thrown.code.startsWith("egress.")) throw thrown;
    const later = thrown.code === "egress.timeout" || thrown.code === "egress.failed";
    return err({ kind: later ? "unavailable" : "unusable", reason: thrown.code });
  }
}

/** Pure. An empty text counts as absent: some servers fill what they do not have with it. */
export function readRegistration(
  document: JsonObject,
  wanted: WantedClient,
  endpoint: string,
  before?: RegisteredClient,
): Result<RegisteredClient, Extract<RegistrationFailure, { kind: "unusable" }>> {
  const unusable = (reason: string) => err({ kind: "unusable", reason } as const);
  const clientId = text(document, "client_id");
  if (clientId === undefined || clientId.length > 2_000) return unusable("client_id");
  const uris = member(document, "redirect_uris");
  if (!Array.isArray(uris) || !uris.includes(wanted.redirectUri)) return unusable("redirect_uris");
  const grants = member(document, "grant_types");
  if (Array.isArray(grants) && !grants.includes("authorization_code")) return unusable("grant_types");
  const clientSecret = text(document, "client_secret") ?? before?.clientSecret?.reveal();
  const said = text(document, "token_endpoint_auth_method");
  const method =
    said ?? (clientSecret === undefined ? "none" : wanted.method === "none" ? "client_secret_basic" : wanted.method);
  if (!isOurs(method)) return unusable("token_endpoint_auth_method");
  if (method !== "none" && clientSecret === undefined) return unusable("client_secret");
  return ok({
    clientId,
    clientSecret: method === "none" || clientSecret === undefined ? null : secret(clientSecret),
    secretEndsAt: method === "none" ? null : endOf(member(document, "client_secret_expires_at")),
    method,
    management: managementOf(document, endpoint) ?? before?.management ?? null,
  });
}

const isOurs = (method: string): method is ClientAuthenticationMethod => (ours as readonly string[]).includes(method);

/** Seconds; 0 is "never" (RFC 7591 §3.2.1). What is no number says nothing. */
function endOf(value: unknown): Instant | null {
  const seconds = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof seconds === "number" && seconds > 0 && seconds < 253_402_300_799 ? toInstant(seconds * 1_000) : null;
}

/** The token that manages the registration goes nowhere but to the server that gave it. */
function managementOf(document: JsonObject, endpoint: string): RegisteredClient["management"] {
  const uri = text(document, "registration_client_uri");
  const token = text(document, "registration_access_token");
  const url = endpointUrl(uri);
  if (!url || uri === undefined || token === undefined || url.origin !== new URL(endpoint).origin) return null;
  return { uri, token: secret(token) };
}

const text = (document: JsonObject, name: string): string | undefined => stringMember(document, name) || undefined;
