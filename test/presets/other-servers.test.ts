/**
 * A preset that has an issuer, at another server than the preset's: a GitHub Enterprise Server beside github.com, Lark in
 * place of Feishu. Their people have numbers of their own, so their identities need an issuer of their own (AC-1).
 */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { presets } from "../../src/providers/presets/all.js";
import type { Browser } from "../../src/testing/browser.js";
import { aWorld, closing, type ProviderInput } from "../options/setting.js";
import { createSharedWorld } from "../support/shared-file.js";
import { githubClient, startGitHub } from "./github-server.js";
import { visit } from "./visit.js";

const mallory = { login: "mallory", name: "Mallory" };
const elsewhere = [{ email: "mallory@elsewhere.example", verified: true, primary: true }];

/** What the configuration complains about. */
function problemsOf(providers: readonly Partial<ProviderInput>[]) {
  const resolved = resolveConfig({
    baseUrl: "https://app.test",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: providers.map((record, index) => ({ id: `p${index}`, clientId: "c", ...record })),
  });
  return resolved.ok ? [] : resolved.error;
}
const pathsOf = (...providers: Partial<ProviderInput>[]) => problemsOf(providers).map(({ path }) => path);

const enterprise = "https://github.example.com";
const ours = {
  authorization: `${enterprise}/login/oauth/authorize`,
  token: `${enterprise}/login/oauth/access_token`,
  userinfo: `${enterprise}/api/v3/user`,
};
const lark = {
  authorization: "https://accounts.larksuite.com/open-apis/authen/v1/authorize",
  token: "https://accounts.larksuite.com/oauth/v3/token",
  userinfo: "https://open.larksuite.com/open-apis/authen/v1/user_info",
};

describe("github.com and a GitHub Enterprise Server of one's own", () => {
  test("SI-1 AC-1 AT-10 somebody with octocat's number at the other server is another person, not octocat the admin", async () => {
    const com = await closing(startGitHub());
    const own = await closing(startGitHub({ api: "/api/v3" }));
    const issuer = `${own.origin}/login/oauth`;
    const world = await aWorld({
      config: {
        providers: [
          { id: "github", preset: "github", endpoints: com.endpoints, ...githubClient },
          { id: "ghes", preset: "github", issuer, endpoints: own.endpoints, ...githubClient },
        ],
        signIn: { signUp: true },
      },
    });
    own.says.iss = issuer;
    own.says.user = { ...own.octocat, ...mallory };
    own.says.emails = elsewhere;
    const octocat = await visit(world, "github");
    expect(octocat).toMatchObject({ error: null, user: { role: "admin" } });
    const other = await visit(world, "ghes");
    expect(other).toMatchObject({
      error: null,
      user: { name: "Mallory", email: "mallory@elsewhere.example", role: "pending" },
      identity: { issuer },
    });
    expect(other.user?.id).not.toBe(octocat.user?.id);
    expect(own.requests.map(({ path }) => path)).toEqual([
      "/login/oauth/authorize",
      "/login/oauth/access_token",
      "/api/v3/user",
      "/api/v3/user/emails",
    ]);
    // The same person comes back as themselves, and github.com's word is none at the other server.
    expect((await visit(world, "ghes")).user?.id).toBe(other.user?.id);
    own.says.iss = "https://github.com/login/oauth";
    expect((await visit(world, "ghes")).error).toBe("signin.issuer_rejected");
  });

  test("AC-1 AT-10 an id that is pointed at the other server knows nobody of the first", async () => {
    const com = await closing(startGitHub());
    const own = await closing(startGitHub({ api: "/api/v3" }));
    const record = { id: "github", preset: "github", endpoints: com.endpoints, ...githubClient } as const;
    const world = await closing(createSharedWorld({ config: { providers: [record], signIn: { signUp: true } } }));
    let at = world.latchkey;
    const sessionOf = async (browser: Browser) => {
      const page = await browser.get(world.url("/session"));
      return { status: page.status, user: (page.json() as { user?: { name: string; role: string } }).user };
    };
    const signedIn = async () => {
      const browser = world.browserAt(() => at);
      await browser.get(world.url("/providers/github/start"));
      return { browser, ...(await sessionOf(browser)) };
    };
    const octocat = await signedIn();
    expect(octocat.user?.role).toBe("admin");
    const issuer = `${own.origin}/login/oauth`;
    at = await world.node({ providers: [{ ...record, issuer, endpoints: own.endpoints }] });
    expect((await sessionOf(octocat.browser)).status).toBe(401);
    own.says.iss = undefined;
    own.says.user = { ...own.octocat, ...mallory };
    own.says.emails = elsewhere;
    expect((await signedIn()).user).toMatchObject({ name: "Mallory", role: "pending" });
  });

  test("SI-1 AC-1 the other server without an issuer of its own is refused, with what to write", () => {
    const refused = problemsOf([{ preset: "github" }, { preset: "github", endpoints: ours }]);
    expect(refused).toMatchObject([{ path: "providers.1.issuer", kind: "missing", found: null }]);
    expect(refused[0]?.message).toContain("endpoints.token is at https://github.example.com");
    expect(refused[0]?.allowed).toContain("https://github.example.com/login/oauth");
    expect(
      pathsOf({ preset: "github" }, { preset: "github", endpoints: ours, issuer: `${enterprise}/login/oauth` }),
    ).toEqual([]);
  });

  test("SI-1 AC-1 two servers with one issuer are refused on loopback too, and one server with two clients is not", () => {
    const at = (port: number) => ({
      authorization: `http://127.0.0.1:${port}/authorize`,
      token: `http://127.0.0.1:${port}/token`,
      userinfo: `http://127.0.0.1:${port}/user`,
    });
    const [first, second] = [
      { preset: "github", endpoints: at(4001) },
      { preset: "github", endpoints: at(4002) },
    ] as const;
    const refused = problemsOf([first, second]);
    expect(refused).toMatchObject([{ path: "providers.1.issuer", kind: "missing" }]);
    expect(refused[0]?.message).toContain("providers.0");
    expect(pathsOf({ preset: "github" }, second)).toEqual(["providers.1.issuer"]);
    expect(pathsOf(first, { ...first, enabled: false })).toEqual([]);
    // A home-made provider that says it is github.com.
    const issuer = "https://github.com/login/oauth";
    expect(pathsOf({ preset: "github" }, { preset: "oauth2", issuer, endpoints: ours })).toEqual([
      "providers.1.issuer",
    ]);
    const forum = { preset: "oauth2", issuer: "https://forum.test" } as const;
    expect(pathsOf({ ...forum, endpoints: at(4001) }, { ...forum, endpoints: at(4002) })).toEqual([
      "providers.1.issuer",
    ]);
  });
});

describe("where an issuer may be written beside a preset that has one", () => {
  const issuer = `${enterprise}/login/oauth`;
  test.each<[what: string, record: Partial<ProviderInput>, paths: string[]]>([
    ["Lark without an issuer", { preset: "feishu", endpoints: lark }, ["providers.0.issuer"]],
    [
      "Lark with Feishu's",
      { preset: "feishu", endpoints: lark, issuer: "https://accounts.feishu.cn" },
      ["providers.0.issuer"],
    ],
    ["Lark with its own", { preset: "feishu", endpoints: lark, issuer: "https://accounts.larksuite.com" }, []],
    ["userinfo alone elsewhere", { preset: "github", endpoints: { userinfo: ours.userinfo } }, ["providers.0.issuer"]],
    ["token alone elsewhere", { preset: "discord", endpoints: { token: ours.token } }, ["providers.0.issuer"]],
    [
      "http in place of https",
      { preset: "github", endpoints: { userinfo: "http://api.github.com/user" } },
      ["providers.0.issuer"],
    ],
    [
      "a name below",
      { preset: "github", endpoints: { userinfo: "https://api.github.com.evil.example/user" } },
      ["providers.0.issuer"],
    ],
    ["an issuer, and the preset's endpoints", { preset: "github", issuer }, ["providers.0.issuer"]],
    [
      "an issuer, and one endpoint",
      { preset: "github", issuer, endpoints: { userinfo: ours.userinfo } },
      ["providers.0.issuer"],
    ],
    [
      "the preset's other host",
      { preset: "feishu", endpoints: { token: "https://open.feishu.cn/open-apis/authen/v2/oauth/token" } },
      [],
    ],
    [
      "another path of the preset's own host",
      { preset: "discord", endpoints: { userinfo: "https://discord.com/api/v11/users/@me" } },
      [],
    ],
    [
      "another authorization page",
      { preset: "github", endpoints: { authorization: "https://proxy.example/authorize" } },
      [],
    ],
    [
      "the preset's tool on loopback",
      { preset: "github", endpoints: { token: "http://localhost:1/t", userinfo: "http://[::1]:1/u" } },
      [],
    ],
    [
      "text that is no URL",
      { preset: "github", endpoints: { userinfo: "nowhere" } },
      ["providers.0.endpoints.userinfo"],
    ],
  ])("SI-1 AC-1 %s", (_what, record, paths) => {
    expect(pathsOf(record)).toEqual(paths);
  });

  test.each(Object.entries(presets).filter(([, { kind, issuer }]) => kind === "oauth2" && "fallback" in issuer))(
    "SI-1 the endpoints and the issuer of %s are the ones that the configuration compares with",
    (preset, { endpoints, issuer }) => {
      const { authorization, token, userinfo } = endpoints;
      const record = { preset, endpoints: { authorization, token, userinfo } } as Partial<ProviderInput>;
      expect(pathsOf(record)).toEqual([]);
      const written = "fallback" in issuer ? issuer.fallback : undefined;
      const moved = { ...record, endpoints: ours, issuer: written } as Partial<ProviderInput>;
      expect(pathsOf(moved)).toEqual(["providers.0.issuer"]);
    },
  );
});
