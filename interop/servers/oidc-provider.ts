/** `oidc-provider`, certified by the OpenID Foundation, with the pages that the tests have. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { startOidcProvider } from "../../test/provider/oidc-provider.js";
import { person, press, type ServerKind, type ToolAuthorizationKind, toolScopes } from "../matrix.js";

const versionOf = (): string =>
  (
    JSON.parse(readFileSync(new URL("../../node_modules/oidc-provider/package.json", import.meta.url), "utf8")) as {
      version: string;
    }
  ).version;

async function act(page: Page): Promise<boolean> {
  const allow = page.getByRole("button", { name: "Allow" });
  if (await allow.isVisible()) return press(allow);
  const button = page.getByRole("button", { name: "Sign in" });
  if (!(await button.isVisible())) return false;
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  return press(button);
}

export const oidcProviderForTools: ToolAuthorizationKind = {
  name: "oidc-provider",
  async start(resource) {
    const provider = await startOidcProvider({
      people: [{ sub: "ann-1", ...person }],
      toolServer: { resource, scopes: toolScopes },
    });
    return {
      version: versionOf(),
      issuer: provider.issuer,
      act,
      async check(token) {
        const found = await provider.accessToken(token);
        return found?.audience === resource ? found : undefined;
      },
      async isRevoked(accessToken) {
        const dead = (await provider.accessToken(accessToken)) === undefined && provider.tokensOf("ann-1") === 0;
        return dead ? "neither the access token nor a refresh token of the person's counts there" : undefined;
      },
      stop: () => provider.stop(),
    };
  },
};

export const oidcProvider: ServerKind = {
  name: "oidc-provider",
  async start(clients) {
    const provider = await startOidcProvider({
      people: [{ sub: "ann-1", ...person }],
      clients: clients.map((client) => ({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        redirectUris: [client.redirectUri],
        postLogoutRedirectUris: [client.postLogoutRedirectUri],
        ...(client.backChannelLogoutUri === undefined
          ? {}
          : { backchannelLogoutUri: client.backChannelLogoutUri, backchannelLogoutSessionRequired: true }),
      })),
    });
    return {
      version: versionOf(),
      issuer: provider.issuer,
      provider: { scopes: ["openid", "email", "profile", "offline_access"], authorizeParams: { prompt: "consent" } },
      act,
      async agreeToSignOut(page) {
        const yes = page.locator("button[name=logout][value=yes]");
        if (!(await yes.isVisible())) return false;
        return press(yes);
      },
      async rotateKeys() {
        await provider.rotateKeys();
        return "a new RS256 key in its key set, the old one gone";
      },
      stop: () => provider.stop(),
    };
  },
};
