/** The preset `github`: no ID token, so who somebody is hangs on two documents, one number and one address in a list. */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import type { Page } from "../../src/testing/browser.js";
import { aWorld, closing, errorOf } from "../options/setting.js";
import { githubClient, startGitHub } from "./github-server.js";

type SignInInput = ConfigInput["signIn"];

async function aGitHub(signIn: SignInInput = {}) {
  const server = await closing(startGitHub());
  const record = { id: "github", preset: "github", endpoints: server.endpoints, ...githubClient } as const;
  const world = await aWorld({ config: { providers: [record], signIn: { signUp: true, ...signIn } } });
  const visit = async () => {
    const browser = world.browser();
    const page: Page = await browser.get(world.url("/providers/github/start"));
    const session = await world.session(browser);
    const listed = await browser.get(world.url("/api/identities"));
    const [identity] = session.status === 200 ? JSON.parse(listed.text).items : [];
    return { error: errorOf(page), user: session.body.user, identity, browser };
  };
  return { server, world, visit };
}

describe("signing in with GitHub", () => {
  test("SI-1 SI-11 AC-1 goes through without an ID token, keyed by GitHub's constant issuer and the number", async () => {
    const { server, world, visit } = await aGitHub();
    expect(await visit()).toMatchObject({
      error: null,
      user: { email: "octocat@example.com", name: "monalisa octocat" },
      identity: { issuer: "https://github.com/login/oauth", emailVerified: true },
    });
    const [asked] = server.to("/login/oauth/authorize");
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({
      client_id: githubClient.clientId,
      redirect_uri: world.url("/providers/github/callback"),
      response_type: "code",
      scope: "read:user user:email",
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(server.to("/login/oauth/access_token")[0]?.headers["accept"]).toBe("application/json");
    // Nothing was discovered: these four requests are all there are.
    expect(server.requests.map((request) => request.path)).toEqual([
      "/login/oauth/authorize",
      "/login/oauth/access_token",
      "/user",
      "/user/emails",
    ]);
  });

  test("SI-1 knows somebody again after they changed their login, name and address", async () => {
    const { server, visit } = await aGitHub();
    const before = await visit();
    server.says.user = { ...server.octocat, login: "hexacat", name: null };
    server.says.emails = [{ email: "hexacat@example.com", verified: true, primary: true }];
    expect((await visit()).user?.id).toBe(before.user?.id);
    // Somebody else takes the login that has become free.
    server.says.user = { ...server.octocat, id: 583232, login: "octocat" };
    server.says.emails = [{ email: "new@example.com", verified: true, primary: true }];
    expect((await visit()).user?.id).not.toBe(before.user?.id);
  });

  test("SI-1 AC-1 a login that is free again opens nobody's account where signIn.claims.subject names it for another provider", async () => {
    const { server, visit } = await aGitHub({ claims: { subject: "login" } });
    const before = await visit();
    server.says.user = { ...server.octocat, id: 583232 };
    server.says.emails = [{ email: "new@example.com", verified: true, primary: true }];
    const other = await visit();
    expect([before.error, other.error]).toEqual([null, null]);
    expect(other.user?.id).not.toBe(before.user?.id);
  });

  test("SI-9 a callback may come without iss", async () => {
    const { server, visit } = await aGitHub();
    server.says.iss = undefined;
    expect((await visit()).error).toBeNull();
  });

  test.each(["https://github.com", "https://github.com/login/oauth/", "https://evil.example", ""])(
    "SI-9 AC-1 a callback with the iss %j is refused before the code leaves",
    async (iss) => {
      const { server, visit } = await aGitHub();
      server.says.iss = iss;
      expect((await visit()).error).toBe("signin.issuer_rejected");
      expect(server.to("/login/oauth/access_token")).toEqual([]);
    },
  );
});

describe("who somebody is", () => {
  test.each<[what: string, id: unknown]>([
    ["text", "583231"],
    ["missing", undefined],
    ["null", null],
    ["a list", [583231]],
    ["not whole", 583231.5],
    ["beyond what a number can hold", 2 ** 53],
    ["zero", 0],
    ["negative", -1],
  ])("SI-1 an id that is %s is nobody's", async (_what, id) => {
    const { server, visit } = await aGitHub();
    server.says.user = { ...server.octocat, id, sub: "583231", iss: "https://github.com/login/oauth" };
    expect(await visit()).toMatchObject({ error: "signin.subject_invalid", user: undefined });
  });

  test("AT-11 members called sub and iss in GitHub's answer are not listened to", async () => {
    const { server, visit } = await aGitHub();
    const before = await visit();
    server.says.user = { ...server.octocat, sub: "1", iss: "https://evil.example" };
    const again = await visit();
    expect(again.user?.id).toBe(before.user?.id);
    expect(again.identity.issuer).toBe("https://github.com/login/oauth");
  });
});

describe("their address", () => {
  test.each<[what: string, emails: unknown]>([
    ["is not verified", [{ email: "victim@example.com", primary: true, verified: false }]],
    ["is verified by text", [{ email: "victim@example.com", primary: true, verified: "true" }]],
    [
      "is not the one that is verified",
      [
        { email: "victim@example.com", primary: true, verified: false },
        { email: "mine@example.com", primary: false, verified: true },
      ],
    ],
  ])("AT-7 SI-18 a primary address that %s makes no admin and proves nothing", async (_what, emails) => {
    const open = await aGitHub();
    open.server.says.user = { ...open.server.octocat, email_verified: true };
    open.server.says.emails = emails;
    const came = await open.visit();
    expect(came).toMatchObject({ error: null, identity: { email: "victim@example.com", emailVerified: false } });

    const shut = await aGitHub({ bootstrapAdmins: ["victim@example.com"] });
    shut.server.says.user = { ...shut.server.octocat, email_verified: true };
    shut.server.says.emails = emails;
    expect((await shut.visit()).error).toBe("account.sign_up_closed");
  });

  test.each<[what: string, emails: unknown]>([
    ["none is primary", [{ email: "octocat@example.com", primary: false, verified: true }]],
    ["the list is empty", []],
    [
      "two are primary",
      [
        { email: "a@example.com", primary: true, verified: true },
        { email: "b@example.com", primary: true, verified: true },
      ],
    ],
  ])("SI-18 is missing where %s, and the one on the profile does not stand in", async (_what, emails) => {
    const { server, visit } = await aGitHub();
    server.says.emails = emails;
    expect(await visit()).toMatchObject({ error: "signin.email_missing", user: undefined });
  });

  test("SI-11 a list that may not be read is a failure of its own", async () => {
    const { server, visit } = await aGitHub();
    server.says.emailsStatus = 404;
    expect((await visit()).error).toBe("signin.userinfo_invalid");
    server.says.emailsStatus = 503;
    expect((await visit()).error).toBe("signin.provider_unavailable");
  });
});

test.each([
  ["bad_verification_code", "signin.code_rejected"],
  ["incorrect_client_credentials", "signin.client_rejected"],
  ["redirect_uri_mismatch", "signin.provider_refused"],
  ["unverified_user_email", "signin.provider_refused"],
])("SI-12 GitHub's 200 with %s is %s", async (said, code) => {
  const { server, visit } = await aGitHub();
  server.says.tokenError = said;
  expect((await visit()).error).toBe(code);
});
