/**
 * Runs an example as its README says, as a process of its own, against a real OpenID provider, and does in it what a
 * person would: sign in, look, sign out.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { type OidcPerson, type OidcProvider, startOidcProvider } from "../provider/oidc-provider.js";
import { freePort } from "../support/free-port.js";

/** A name that would be markup where a page forgot to escape it. */
const ann: OidcPerson = {
  sub: "ann-1",
  name: "Ann <b>Archer</b>",
  email: "ann@example.com",
  password: "ann's long password",
};

export interface RunningNode {
  /** What it has written so far. */
  output(): string;
  /** Ends it as a service manager would; its exit status or signal. */
  stop(): Promise<string>;
}

export interface RunningExample extends RunningNode {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly provider: OidcProvider;
  readonly person: OidcPerson;
  /** A further node of the same app on the same database, which listens on a port of its own. */
  another(): Promise<RunningNode & { /** `127.0.0.1:PORT` */ readonly host: string }>;
}

/** @param file below the project's root */
export async function runExample(file: string, { database = "sqlite::memory:" } = {}): Promise<RunningExample> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const clientSecret = randomBytes(24).toString("base64url");
  const provider = await startOidcProvider({
    people: [ann],
    clients: [
      {
        clientId: "example-app",
        clientSecret,
        redirectUris: [`${origin}/auth/providers/corp/callback`],
        postLogoutRedirectUris: [`${origin}/auth/signed-out`],
        backchannelLogoutUri: `${origin}/auth/backchannel-logout`,
        backchannelLogoutSessionRequired: true,
      },
    ],
  });
  const env = {
    BASE_URL: origin,
    DATABASE: database,
    LATCHKEY_SECRET: randomBytes(32).toString("base64"),
    ISSUER: provider.issuer,
    CLIENT_ID: "example-app",
    CLIENT_SECRET: clientSecret,
  };
  try {
    const node = await runNode(file, env);
    return {
      origin,
      provider,
      person: ann,
      output: node.output,
      async another() {
        const other = await freePort();
        return { ...(await runNode(file, { ...env, PORT: String(other) })), host: `127.0.0.1:${other}` };
      },
      async stop() {
        const how = await node.stop();
        await provider.stop();
        return how;
      },
    };
  } catch (problem) {
    await provider.stop();
    throw problem;
  }
}

async function runNode(file: string, env: Readonly<Record<string, string>>): Promise<RunningNode> {
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: join(import.meta.dirname, "../.."),
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      text += chunk;
      if (text.includes(`Open ${env["BASE_URL"]}`)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`${file} ended before it was ready:\n${text}`)));
  });
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? code));
  return {
    output: () => text,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

export const aBrowser = (): Browser => createBrowser(loopbackFetch);

/** From the app's own page to the provider and back, by the links and forms that the pages have. */
export async function signIn(example: RunningExample, browser: Browser, path: string) {
  const choice = await browser.get(`${example.origin}${path}`);
  const link = /href="([^"]*\/providers\/corp\/start[^"]*)"/.exec(choice.text)?.[1] ?? "";
  let page = await browser.get(new URL(link.replaceAll("&amp;", "&"), choice.url).href, { from: choice.url });
  const { email, password } = example.person;
  page = await browser.submit(page, { email, password });
  // The provider asks once whether the app may know who this is.
  if (page.url.startsWith(example.provider.issuer)) page = await browser.submit(page);
  return { choice, page };
}

/** From the page's own form to the provider's question, and back. */
export async function signOut(example: RunningExample, browser: Browser) {
  const home = await browser.get(`${example.origin}/`);
  const question = await browser.submit(home);
  return question.url.startsWith(example.provider.issuer) ? browser.submit(question, { logout: "yes" }) : question;
}
