/**
 * The preset `feishu` against a provider that answers as Feishu's pages say:
 * https://open.feishu.cn/document/common-capabilities/sso/api/obtain-oauth-code (`client_id`, `redirect_uri`, `scope`,
 * `state`, `code_challenge`), …/authentication-management/access-token/get-user-access-token (`code` 0, `access_token`,
 * `expires_in`, `refresh_token`, `scope`, `token_type`; an error is a `code` with `error` and `error_description`; 20002,
 * 20003) and …/reference/authen-v1/user_info/get (`code`, `msg`, `data` with `name`, `en_name`, `avatar_url`, `open_id`,
 * `union_id`, `email`, `enterprise_email`, `user_id`, `tenant_key`).
 */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { aWorld, type ProviderInput } from "../options/setting.js";
import { anOAuth2Server, type Words } from "./oauth2-server.js";
import { visit } from "./visit.js";

const client = { clientId: "cli_a5ca35a685b0x26e", clientSecret: "baBqE5um9LbFGDy3X7LcfxQX1sqpXlwy" };
const data = {
  name: "zhangsan",
  en_name: "Three Zhang",
  avatar_url: "https://www.feishu.cn/avatar/icon",
  open_id: "ou-caecc734c2e3328a62489fe0648c4b98779515d3",
  union_id: "on-d89jhsdhjsajkda7828enjdj328ydhhw3u43yjhdj",
  email: "zhangsan@feishu.cn",
  enterprise_email: "demo@mail.com",
  user_id: "5d9bdxx1",
  tenant_key: "736588c92lxf175d",
};
const words: Words = {
  client,
  credentials: "body",
  paths: {
    authorization: "/open-apis/authen/v1/authorize",
    token: "/oauth/v3/token",
    userinfo: "/open-apis/authen/v1/user_info",
  },
  tokens: (access_token) => ({
    json: {
      code: 0,
      access_token,
      expires_in: 7200,
      refresh_token: "eyJhbGciOiJFUzI1NiJ9",
      refresh_token_expires_in: 604800,
      scope: "contact:user.employee_id:readonly",
      token_type: "Bearer",
    },
  }),
  refusal: (why) => ({ json: { code: why === "client" ? 20002 : 20003, msg: "…", error_description: "…" } }),
  userinfo: () => ({ json: { code: 0, msg: "success", data } }),
  unauthorized: { json: { code: 99991668, msg: "Invalid access token for authorization." } },
};

async function aFeishu(more: Partial<ProviderInput> = {}, signIn: ConfigInput["signIn"] = {}) {
  const server = await anOAuth2Server(words);
  const record = { id: "feishu", preset: "feishu", endpoints: server.endpoints, ...client, ...more };
  const world = await aWorld({ config: { providers: [record], signIn: { signUp: true, ...signIn } } });
  const person = (changes: Record<string, unknown>) => {
    server.says.userinfo = () => ({ json: { code: 0, msg: "success", data: { ...data, ...changes } } });
  };
  return { server, world, person, visit: () => visit(world, "feishu") };
}

describe("signing in with Feishu", () => {
  test("SI-1 SI-11 AC-1 [option:providers.preset] goes through, the person out of the envelope", async () => {
    const { server, visit } = await aFeishu();
    expect(await visit()).toMatchObject({
      error: null,
      user: { email: "zhangsan@feishu.cn", name: "zhangsan" },
      identity: { issuer: "https://accounts.feishu.cn", emailVerified: false },
    });
    const [asked] = server.to(words.paths.authorization);
    expect(asked?.query["scope"]).toBe("contact:user.employee_id:readonly contact:user.email:readonly");
    expect(asked?.query["nonce"]).toBeUndefined();
    const [sent] = server.to(words.paths.token);
    expect(sent?.form).toMatchObject({ client_secret: client.clientSecret, code_verifier: expect.any(String) });
  });

  test("SI-1 the subject is user_id: another open_id is the same person, another user_id is not", async () => {
    const { person, visit } = await aFeishu({}, { claims: { subject: "open_id" } });
    const before = await visit();
    person({ open_id: "ou-of-another-app", sub: "ou-of-another-app", iss: "https://evil.example" });
    expect(await visit()).toMatchObject({
      user: { id: before.user?.id },
      identity: { issuer: "https://accounts.feishu.cn" },
    });
    person({ user_id: "6e0cexx2", email: "lisi@feishu.cn" });
    expect((await visit()).user?.id).not.toBe(before.user?.id);
  });

  test("SI-1 the subject is open_id only where the operator says so", async () => {
    const { person, visit } = await aFeishu({ claims: { subject: "open_id" } });
    const before = await visit();
    person({ user_id: undefined });
    expect((await visit()).user?.id).toBe(before.user?.id);
    person({ open_id: "ou-somebody-else", email: "lisi@feishu.cn" });
    expect((await visit()).user?.id).not.toBe(before.user?.id);
  });

  test.each<[what: string, subject: "user_id" | "open_id", changes: Record<string, unknown>]>([
    ["user_id is missing", "user_id", { user_id: undefined, sub: "5d9bdxx1" }],
    ["user_id is null", "user_id", { user_id: null }],
    ["user_id is empty", "user_id", { user_id: "" }],
    ["user_id is a number", "user_id", { user_id: 59 }],
    ["open_id is missing and it is the one", "open_id", { open_id: undefined }],
  ])("SI-1 nobody signs in where %s: there is no fallback", async (_what, subject, changes) => {
    const { person, visit } = await aFeishu({ claims: { subject } });
    person(changes);
    expect(await visit()).toMatchObject({ error: "signin.subject_invalid", user: undefined });
  });

  test("AT-6 SI-18 an address that an administrator imported proves nothing, whatever lies beside it", async () => {
    const { person, visit } = await aFeishu({}, { bootstrapAdmins: ["boss@example.com"], signUp: false });
    person({ email: "boss@example.com", email_verified: true });
    expect((await visit()).error).toBe("account.sign_up_closed");
    const trusting = await aFeishu({ emailVerified: "always" }, { bootstrapAdmins: ["zhangsan@feishu.cn"] });
    expect(await trusting.visit()).toMatchObject({ error: null, user: { role: "admin" } });
  });
});

describe("errors with the status 200", () => {
  test.each<[code: unknown, expected: string]>([
    [20002, "signin.client_rejected"],
    [20003, "signin.code_rejected"],
    ["20004", "signin.code_rejected"],
    [20010, "signin.provider_refused"],
    [-1, "signin.provider_refused"],
    [null, "signin.provider_refused"],
    [true, "signin.provider_refused"],
    ["", "signin.provider_refused"],
  ])("SI-12 a token answer with the code %j is %s, although a token lies beside it", async (code, expected) => {
    const { server, visit } = await aFeishu();
    server.says.tokens = (access_token) => ({ json: { access_token, token_type: "Bearer", expires_in: 7200, code } });
    expect((await visit()).error).toBe(expected);
    expect(server.to(words.paths.userinfo)).toEqual([]);
  });

  test("SI-12 the code may be the text 0, and Feishu's own word counts where its number is not known", async () => {
    const { server, visit } = await aFeishu();
    server.says.tokens = (access_token) => ({ json: { access_token, code: "0" } });
    expect((await visit()).error).toBeNull();
    server.says.tokens = () => ({ json: { code: 20050, error: "server_error", error_description: "…" } });
    expect((await visit()).error).toBe("signin.provider_unavailable");
  });

  test.each<[what: string, json: unknown]>([
    ["has a code", { code: 99991679, msg: "…", data }],
    ["has no code", { data }],
    ["has a code that is no number", { code: false, data }],
    ["is a list", [{ code: 0, data }]],
  ])("SI-11 an answer of userinfo that %s is a failure, although somebody's data is in it", async (_what, json) => {
    const { server, visit } = await aFeishu();
    server.says.userinfo = () => ({ json });
    expect(await visit()).toMatchObject({ error: "signin.userinfo_invalid", user: undefined });
  });

  test.each<[what: string, json: unknown]>([
    ["is not wrapped", { code: 0, ...data }],
    ["is wrapped in a list", { code: 0, data: [data] }],
  ])("SI-1 a person who %s is nobody", async (_what, json) => {
    const { server, visit } = await aFeishu();
    server.says.userinfo = () => ({ json });
    expect(await visit()).toMatchObject({ error: "signin.subject_invalid", user: undefined });
  });
});
