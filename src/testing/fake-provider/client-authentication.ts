/** Who calls the back channel (RFC 6749 §2.3, RFC 7523 §3): header, body, signed assertion, or a public client. */
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { toDate } from "../../kernel/time.js";
import type { Answer, RecordedRequest } from "./answers.js";
import type { FakeClient, ProviderState } from "./state.js";

const rejected = (description: string): Answer => ({
  status: 401,
  headers: { "WWW-Authenticate": 'Basic realm="fake provider"', "Cache-Control": "no-store" },
  json: { error: "invalid_client", error_description: description },
});

const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
};

async function assertionFits(state: ProviderState, client: FakeClient, assertion: string): Promise<boolean> {
  if (!client.jwks) return false;
  try {
    await jwtVerify(assertion, createLocalJWKSet({ keys: [...client.jwks] }), {
      issuer: client.clientId,
      subject: client.clientId,
      audience: [state.issuer, `${state.issuer}/token`],
      requiredClaims: ["exp", "jti"],
      currentDate: toDate(state.clock.now()),
    });
    return true;
  } catch {
    return false;
  }
}

/** The client, or the `invalid_client` answer. More than one method in one request is refused (RFC 6749 §2.3). */
export async function authenticateClient(
  state: ProviderState,
  request: RecordedRequest,
): Promise<{ client: FakeClient } | { refusal: Answer }> {
  const basic = /^Basic (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
  const assertion = request.form.get("client_assertion");
  const bodySecret = request.form.get("client_secret");
  if ([basic, assertion, bodySecret].filter((one) => one != null).length > 1) {
    return { refusal: rejected("more than one client authentication") };
  }

  let method: NonNullable<FakeClient["authMethod"]> = "none";
  let clientId = request.form.get("client_id") ?? undefined;
  let offered: string | undefined;
  if (basic) {
    const [id = "", ...rest] = Buffer.from(basic, "base64").toString("utf8").split(":");
    method = "client_secret_basic";
    clientId = formDecode(id);
    offered = formDecode(rest.join(":"));
  } else if (bodySecret !== null) {
    method = "client_secret_post";
    offered = bodySecret;
  } else if (assertion !== null) {
    method = "private_key_jwt";
    try {
      clientId ??= decodeJwt(assertion).sub;
    } catch {
      return { refusal: rejected("the assertion is no JWT") };
    }
  }

  const client = clientId === undefined ? undefined : state.clients.get(clientId);
  if (!client) return { refusal: rejected("unknown client") };
  if (client.authMethod && client.authMethod !== method) return { refusal: rejected(`use ${client.authMethod}`) };
  const proven =
    method === "private_key_jwt"
      ? await assertionFits(state, client, assertion ?? "")
      : method === "none"
        ? client.clientSecret === undefined && client.jwks === undefined
        : client.clientSecret !== undefined && offered === client.clientSecret;
  return proven ? { client } : { refusal: rejected("the client did not prove itself") };
}
