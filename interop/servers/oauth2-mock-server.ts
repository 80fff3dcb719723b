/** `oauth2-mock-server`: a server for other people's tests, which signs in everybody who comes as the same person. */
import { readFileSync } from "node:fs";
import { OAuth2Server } from "oauth2-mock-server";
import { person, type ServerKind } from "../matrix.js";

export const mockServer: ServerKind = {
  name: "oauth2-mock-server",
  async start() {
    const { version } = JSON.parse(
      readFileSync(new URL("../node_modules/oauth2-mock-server/package.json", import.meta.url), "utf8"),
    ) as { version: string };
    const server = new OAuth2Server();
    let { kid } = await server.issuer.keys.generate("RS256");
    await server.start(0, "localhost");
    const about = { email: person.email, email_verified: true, name: person.name };
    server.service.on("beforeUserinfo", (answer: { body: object }) => {
      answer.body = { ...answer.body, ...about };
    });
    return {
      version,
      issuer: server.issuer.url ?? "",
      // It lists "none" alone as a way to authenticate.
      provider: { clientSecret: null, tokenEndpointAuthMethod: "none" },
      keepsNoSessions: true,
      act: async () => false,
      agreeToSignOut: async () => false,
      async rotateKeys() {
        ({ kid } = await server.issuer.keys.generate("RS256"));
        // It signs with its keys in turn: two sign-ins would use both. The old one stays in its set.
        return `a new RS256 key (${kid.slice(0, 8)}…) in its key set`;
      },
      stop: () => server.stop(),
    };
  },
};
