/**
 * Feishu (飞书): OAuth 2 without OpenID Connect, with an envelope of its own around the answers of its API.
 *
 * The subject is `user_id`, the person's id in their organization, or, where the operator says so, `open_id`, the
 * person's id in this app. Which of the two is fixed in the configuration: an answer that lacks the chosen one names
 * nobody. A fallback would give one person two identities, and whoever can hide a field the choice between them.
 *
 * @see https://open.feishu.cn/document/common-capabilities/sso/api/obtain-oauth-code (authorization)
 * @see https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/authentication-management/access-token/get-user-access-token
 *   (token: `code`, PKCE, and that `https://accounts.feishu.cn/oauth/v3/token` takes the place of v2)
 * @see https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/authen-v1/user_info/get (userinfo)
 */
import { isJsonObject, type JsonObject, type JsonValue, member, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";
import type { ClaimNames } from "../provider.js";

export const feishu: Preset = {
  kind: "oauth2",
  displayName: "Feishu",
  // Feishu's pages name no issuer. This is the host that people sign in at, and the key of every identity (AC-1).
  issuer: { from: "operator", fallback: "https://accounts.feishu.cn" },
  endpoints: {
    authorization: "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
    token: "https://accounts.feishu.cn/oauth/v3/token",
    userinfo: "https://open.feishu.cn/open-apis/authen/v1/user_info",
  },
  // user_info, "字段权限要求": without these two the answer holds neither `user_id` nor `email`.
  scopes: ["contact:user.employee_id:readonly", "contact:user.email:readonly"],
  claims: { subject: "user_id", picture: "avatar_url" },
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    nonce: false,
    tokenError,
    // get-user-access-token, error codes: 20002 the client is not who it says; 20003 and 20004 the code is unknown, used
    // or too old.
    tokenErrors: { "20002": "invalid_client", "20003": "invalid_grant", "20004": "invalid_grant" },
    // get-user-access-token: `client_id` and `client_secret` are parameters of the body; `code_verifier` is one too.
    metadata: {
      token_endpoint_auth_methods_supported: ["client_secret_post"],
      code_challenge_methods_supported: ["S256"],
    },
    person: {
      further: () => ({}),
      // user_info: "`code`: 错误码，非 0 表示失败".
      refuses: (document) => !isJsonObject(document) || !isZero(member(document, "code")),
      claims: personOf,
    },
  },
};

/** `code` is a number on some pages and a text on others; nothing else that it may be is a success. */
const isZero = (code: JsonValue | undefined): boolean => code === 0 || code === "0";

/** An answer with a `code` that is not 0 is an error, whatever its status and whatever lies beside it. */
function tokenError(answer: JsonObject): string | undefined {
  const code = member(answer, "code");
  // Without one it is an answer as RFC 6749 has it, and `error` decides.
  if (code === undefined || isZero(code)) return undefined;
  const known = String(code);
  return Object.hasOwn(feishu.quirks.tokenErrors, known) ? known : (stringMember(answer, "error") ?? known);
}

function personOf({ userinfo }: Readonly<Record<string, JsonValue>>, names: ClaimNames): JsonObject | undefined {
  const data = isJsonObject(userinfo) ? member(userinfo, "data") : undefined;
  if (!isJsonObject(data)) return undefined;
  // The name is `user_id` or `open_id` (the configuration takes no other), and both are texts.
  const subject = stringMember(data, names.subject);
  // user_info: addresses are what an administrator imported, "未经过用户本人实时验证". Nothing here vouches for one.
  return { ...data, sub: subject ?? null, email_verified: false };
}
