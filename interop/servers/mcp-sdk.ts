/**
 * The demo authorization server of the MCP TypeScript SDK: its provider behind its own router, as its examples run them. It
 * asks nobody who they are, and gives no refresh tokens.
 */
import { readFileSync } from "node:fs";
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import express from "express";
import { freePort } from "../../test/support/free-port.js";
import { type ToolAuthorizationKind, toolScopes } from "../matrix.js";

export const mcpSdkForTools: ToolAuthorizationKind = {
  name: "mcp-typescript-sdk demo",
  async start(resource) {
    const folder = new URL("../node_modules/@modelcontextprotocol/sdk/package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(folder, "utf8")) as { version: string };
    // As its own `strictResource` does: a token is for the server that was named, and a code without a name gets none.
    const provider = new DemoInMemoryAuthProvider((named) => named?.href === resource);
    const port = await freePort();
    const app = express();
    const issuerUrl = new URL(`http://localhost:${port}`);
    app.use(mcpAuthRouter({ provider, issuerUrl, scopesSupported: [...toolScopes] }));
    const server = await new Promise<ReturnType<typeof app.listen>>((resolve) => {
      const made = app.listen(port, "localhost", () => resolve(made));
    });
    return {
      version,
      // Its metadata names it with the slash that a URL has.
      issuer: issuerUrl.href,
      act: async () => false,
      async check(token) {
        const found = await provider.verifyAccessToken(token).catch(() => undefined);
        return found?.resource?.href === resource ? found : undefined;
      },
      unsupported: {
        renewal: "its exchangeRefreshToken is not implemented, and its token answers have no refresh token",
      },
      async stop() {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  },
};
