/** A world with services in it, and somebody who is signed in and holds tokens. */
import { randomBytes } from "node:crypto";
import type { ConfigInput } from "../../src/config/schema.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { aVaultWorld, type VaultWorld } from "../vault/setting.js";

export const aSecret = (): string => randomBytes(32).toString("base64url");

export type ServiceInput = NonNullable<ConfigInput["services"]>[number];

/** One service that may have everything, and one that may have one thing. */
export const chat: ServiceInput = { id: "chat", secret: aSecret(), audience: "https://chat.example" };
export const other: ServiceInput = {
  id: "other",
  secret: aSecret(),
  connections: ["provider:elsewhere"],
  audience: "https://other.example",
};

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface ServiceWorld extends VaultWorld {
  /** The value of Ann's session, as her browser holds it. */
  readonly value: string;
  /** A form posted by a service; @param as whose credentials go along @default chat's */
  post(
    path: string,
    fields: Record<string, string> | string[][],
    as?: { readonly id: string; readonly secret: string } | null,
    headers?: Record<string, string>,
  ): Promise<Answered>;
  /** A session's value, of somebody who signs in now. */
  valueOf(person: string): Promise<{ value: string; user: string; session: string }>;
}

export const basic = ({ id, secret }: { readonly id: string; readonly secret: string }): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

export async function aServiceWorld(options: WorldOptions = {}): Promise<ServiceWorld> {
  const world = await aVaultWorld({ ...options, config: { services: [chat, other], ...options.config } });
  const post: ServiceWorld["post"] = async (path, fields, as = chat, headers = {}) => {
    const body = new URLSearchParams(fields);
    const answer = await world.request(path, {
      method: "POST",
      body,
      headers: { ...(as === null ? {} : { authorization: basic(as) }), ...headers },
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  const valueOf = async (person: string) => {
    const browser = world.browser();
    await world.signIn(browser, person);
    const { body } = await world.session(browser);
    const value = /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
    return { value, user: body.user?.id ?? "", session: body.session?.id ?? "" };
  };
  const { value } = await valueOf("ann-1");
  return { ...world, value, post, valueOf };
}
