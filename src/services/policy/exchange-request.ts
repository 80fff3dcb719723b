/**
 * What a token exchange asks for (RFC 8693 §2.1), out of the fields of its form. Pure. What could be misread is refused
 * instead of ignored: an actor we know nothing of, a type we do not hand out, two targets.
 */
import { err, ok, type Result } from "../../kernel/result.js";
import { type Duration, seconds } from "../../kernel/time.js";

/** Whom the token is about, by what somebody showed. */
export type Subject =
  | { readonly kind: "session"; readonly value: string }
  | { readonly kind: "assertion"; readonly assertion: string }
  | { readonly kind: "user_id"; readonly userId: string }
  /** A provider's own access token, which is asked of that provider and of no other. */
  | { readonly kind: "provider_token"; readonly provider: string; readonly token: string };

export interface ExchangeRequest {
  readonly subject: Subject;
  /** The name of a connection, or our own `baseUrl`. */
  readonly target: string;
  readonly minValidity: Duration;
  /** SHA-256, base64url. */
  readonly rejectedTokenHash: string | undefined;
  /** Undefined: whatever was granted. */
  readonly scopes: readonly string[] | undefined;
}

export interface ExchangeRefusal {
  readonly code:
    | "token.grant_type_unsupported"
    | "token.request_invalid"
    | "token.type_unsupported"
    | "token.target_invalid";
  readonly parameter: string;
}

export const tokenTypes = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  jwt: "urn:ietf:params:oauth:token-type:jwt",
  userId: "urn:latchkey:token-type:user-id",
} as const;
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Every field but `audience` and `resource` comes once; that has been seen to. An empty one counts as left out. */
export function readExchange(form: URLSearchParams): Result<ExchangeRequest, ExchangeRefusal> {
  const field = (name: string): string | undefined => form.get(name) || undefined;
  const no = (code: ExchangeRefusal["code"], parameter: string) => err({ code, parameter });

  const grantType = field("grant_type");
  if (grantType === undefined) return no("token.request_invalid", "grant_type");
  if (grantType !== exchangeGrant) return no("token.grant_type_unsupported", "grant_type");
  if (field("actor_token") !== undefined || field("actor_token_type") !== undefined)
    return no("token.type_unsupported", "actor_token");
  if ((field("requested_token_type") ?? tokenTypes.accessToken) !== tokenTypes.accessToken)
    return no("token.type_unsupported", "requested_token_type");

  const subject = readSubject(field("subject_token"), field("subject_token_type"), field("subject_issuer"));
  if (!subject.ok) return subject;
  const targets = [...form.getAll("audience"), ...form.getAll("resource")].filter((target) => target !== "");
  const [target] = targets;
  if (target === undefined) return no("token.request_invalid", "audience");
  if (targets.length > 1) return no("token.target_invalid", "audience");

  const minValidity = field("min_validity") ?? "0";
  if (!/^\d{1,9}$/.test(minValidity)) return no("token.request_invalid", "min_validity");
  const hash = field("rejected_token_hash");
  const rejectedTokenHash = hash === undefined ? undefined : readHash(hash);
  if (hash !== undefined && rejectedTokenHash === undefined) return no("token.request_invalid", "rejected_token_hash");
  return ok({
    subject: subject.value,
    target,
    minValidity: seconds(Number(minValidity)),
    rejectedTokenHash,
    scopes: field("scope")
      ?.split(" ")
      .filter((scope) => scope !== ""),
  });
}

function readSubject(
  token: string | undefined,
  type: string | undefined,
  issuer: string | undefined,
): Result<Subject, ExchangeRefusal> {
  const no = (code: ExchangeRefusal["code"], parameter: string) => err({ code, parameter });
  if (token === undefined) return no("token.request_invalid", "subject_token");
  switch (type) {
    case undefined:
      return no("token.request_invalid", "subject_token_type");
    case tokenTypes.accessToken:
      return ok(
        issuer === undefined ? { kind: "session", value: token } : { kind: "provider_token", provider: issuer, token },
      );
    case tokenTypes.jwt:
      return ok(
        issuer === undefined
          ? { kind: "assertion", assertion: token }
          : { kind: "provider_token", provider: issuer, token },
      );
    case tokenTypes.userId:
      return issuer === undefined
        ? ok({ kind: "user_id", userId: token })
        : no("token.request_invalid", "subject_issuer");
    default:
      return no("token.type_unsupported", "subject_token_type");
  }
}

/** In base64url, as we write hashes, or in hexadecimal, as every command line does. */
function readHash(text: string): string | undefined {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text;
  return /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex").toString("base64url") : undefined;
}
