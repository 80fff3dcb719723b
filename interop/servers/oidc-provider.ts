/** `oidc-provider`, certified by the OpenID Foundation, with the pages that the tests have. */
import { readFileSync } from "node:fs";
import { startOidcProvider } from "../../test/provider/oidc-provider.js";
import { person, press, type ServerKind } from "../matrix.js";

export const oidcProvider: ServerKind = {
  name: "oidc-provider",
  async start(clients) {
    const { version } = JSON.parse(
      readFileSync(new URL("../../node_modules/oidc-provider/package.json", import.meta.url), "utf8"),
    ) as { version: string };
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
      version,
      issuer: provider.issuer,
      provider: { scopes: ["openid", "email", "profile", "offline_access"], authorizeParams: { prompt: "consent" } },
      async act(page) {
        const allow = page.getByRole("button", { name: "Allow" });
        if (await allow.isVisible()) return press(allow);
        const button = page.getByRole("button", { name: "Sign in" });
        if (!(await button.isVisible())) return false;
        await page.getByLabel("E-mail").fill(person.email);
        await page.getByLabel("Password").fill(person.password);
        return press(button);
      },
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
