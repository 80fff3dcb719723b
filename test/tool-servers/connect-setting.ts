/**
 * A world with a protected MCP server beside it: people sign in at the fake provider, and connect the real server at its
 * real authorization server, over HTTP, page by page.
 */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { toInstant } from "../../src/kernel/time.js";
import type { Browser, Page } from "../../src/testing/browser.js";
import type { WorldOptions } from "../../src/testing/world.js";
import type { OidcPerson } from "../provider/oidc-provider.js";
import { type ProtectedToolServer, startToolServer, type ToolServerOptions } from "../provider/tool-server.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
export const closeLater = (close: () => Promise<unknown>): void => void open.push(close);

/** The record of an added server goes, and nothing else: what is left when one goes out of the file, too. */
export async function loseToolServer({ store }: Pick<SharedWorld, "store">, id: string): Promise<void> {
  await store.transaction(async (tx) => {
    const row = await tx.toolServers.byId(id);
    if (!row) throw new Error(`${id} was not added`);
    await tx.toolServers.save({ ...row, removedAt: toInstant(0) });
    await tx.toolServers.deleteRemoved(toInstant(1));
    await tx.announcements.append("tool_server", id, toInstant(0));
  });
}

/** Who they are at the tool server's authorization server; here they are Ann, Ben and Cleo of the fake provider. */
export const ann: OidcPerson = { sub: "ann-there", name: "Ann", email: "ann@there.test", password: "ann's password" };
export const ben: OidcPerson = { sub: "ben-there", name: "Ben", email: "ben@there.test", password: "ben's password" };

type Entry = NonNullable<ConfigInput["toolServers"]>[number];

export interface ConnectWorld extends SharedWorld {
  readonly tools: ProtectedToolServer;
  /** Somebody signs in here; their browser, and their id. */
  signsIn(person?: string): Promise<{ browser: Browser; user: string; session: string }>;
  /** Starts, goes through the pages there, and comes back: the last page. */
  connects(browser: Browser, person?: OidcPerson, query?: string): Promise<Page>;
  /** The same up to the answer: the callback URL, which the browser has not opened yet. */
  approves(browser: Browser, person?: OidcPerson, query?: string): Promise<string>;
  /** The official client, connected with this person's `fetch`. */
  client(user: string): Promise<Client>;
}

export async function aConnectWorld(
  options: { entry?: Partial<Entry>; world?: WorldOptions; tools?: Partial<ToolServerOptions> } = {},
): Promise<ConnectWorld> {
  const problems: string[] = [];
  const tools = await startToolServer({
    people: [ann, ben],
    onProblem: (event, problem) => problems.push(`${event} ${String(problem)}`),
    ...options.tools,
  });
  open.push(() => tools.stop());
  const world = await createSharedWorld({
    ...options.world,
    config: {
      roles: { default: "user" },
      toolServers: [{ id: "notes", name: "Notes", url: tools.url, ...options.entry }],
      ...options.world?.config,
    },
  });
  open.push(() => world.close());
  const there = new URL(tools.authorizationServer.issuer).origin;

  const approves = async (browser: Browser, person = ann, query = ""): Promise<string> => {
    const started = await browser.get(world.url(`/connections/notes/start${query}`), { follow: false });
    if (started.location === undefined) throw new Error(`the start was answered ${started.status} ${started.text}`);
    const stopBefore = (url: string) => new URL(url).origin !== there;
    let page = await browser.get(started.location, { from: started.url, stopBefore });
    for (let step = 0; step < 6 && page.location === undefined; step++) {
      const fields: Record<string, string> = page.text.includes('name="password"')
        ? { email: person.email, password: person.password }
        : {};
      page = await browser.submit(page, fields, { stopBefore });
    }
    if (page.location === undefined) throw new Error(`no way back: ${page.text} ${problems.join()}`);
    return page.location;
  };

  return {
    ...world,
    tools,
    approves,
    async signsIn(person = "ann-1") {
      const browser = world.browser();
      await world.signIn(browser, person);
      const { body } = await world.session(browser);
      return { browser, user: body.user?.id ?? "", session: body.session?.id ?? "" };
    },
    async connects(browser, person, query) {
      const callback = await approves(browser, person, query);
      return browser.get(callback, { from: there });
    },
    async client(user) {
      const client = new Client({ name: "test", version: "1.0.0" });
      const fetch = world.latchkey.toolServers.fetch({ user, connection: "tool:notes" });
      const transport = new StreamableHTTPClientTransport(new URL(tools.url), {
        fetch: fetch as typeof globalThis.fetch,
      });
      await client.connect(transport);
      open.push(() => client.close());
      return client;
    },
  };
}

export const textOf = (result: { content?: unknown }): string =>
  ((result.content ?? []) as { text?: string }[]).map(({ text }) => text ?? "").join("");
export const errorOf = (page: Page): string | null => new URL(page.url).searchParams.get("error");
