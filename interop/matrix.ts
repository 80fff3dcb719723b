/** What is tried at each server, and how an outcome is told. */
import type { Locator, Page } from "playwright-core";
import type { ConfigInput } from "../src/config/schema.js";

export const features = [
  "sign-in",
  "refresh",
  "rp-initiated-logout",
  "back-channel-logout",
  "front-channel-logout",
  "key-rotation",
] as const;
/** What is tried at a server that protects a tool server. */
export const toolFeatures = ["connect", "renewal", "step-up", "revocation"] as const;
export type Feature = (typeof features)[number] | (typeof toolFeatures)[number];

/** One cell of the matrix. */
export interface Cell {
  readonly server: string;
  readonly version: string;
  readonly feature: Feature;
  readonly result: "pass" | "fail" | "unsupported";
  /** What was seen, or where the server itself says that it cannot do it. */
  readonly evidence: string;
}

/** Somebody that every server knows. */
export const person = {
  login: "ann",
  name: "Ann Archer",
  email: "ann@example.com",
  password: "ann's long password",
} as const;

/** Presses a button that may go away while it is looked at, as pages that are left do. */
export async function press(button: Locator): Promise<boolean> {
  return button.click({ timeout: 3_000, noWaitAfter: true }).then(
    () => true,
    () => false,
  );
}

/** How we are known to a server: one client that hears by the back channel, one by the front channel, and another app. */
export interface WantedClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly backChannelLogoutUri?: string;
  readonly frontChannelLogoutUri?: string;
}

/** A server that is up and knows our clients. */
export interface InteropServer {
  readonly version: string;
  readonly issuer: string;
  /** What an operator would write in the provider's entry besides issuer and client. */
  readonly provider?: Partial<ConfigInput["providers"][number]>;
  /** Who it knows, where it is not everybody's. */
  readonly person?: { readonly email: string };
  /** At its pages: says who one is and agrees to what is asked, one step at a time. False when nothing was to be done. */
  act(page: Page): Promise<boolean>;
  /** At its pages after a sign-out was asked for: agrees. False when nothing was to be done. */
  agreeToSignOut(page: Page): Promise<boolean>;
  /** Signs with a new key from now on; answers how. */
  rotateKeys(): Promise<string>;
  /** What its documentation says it can do although its metadata is silent. */
  readonly supports?: readonly Feature[];
  /** What had to be set there for it, where that is not the usual. */
  readonly notes?: Partial<Record<Feature, string>>;
  /** What its own documentation or metadata says it cannot do, beyond what is read from metadata for every server. */
  readonly unsupported?: Partial<Record<Feature, string>>;
  /** It signs everybody in who comes, so nobody can be seen to be signed out there. */
  readonly keepsNoSessions?: true;
  stop(): Promise<void>;
}

/** The scopes of the tool server: the second is not asked for at first. */
export const toolScopes = ["notes:read", "notes:write"] as const;

/** A server that hands out tokens for a tool server, and registers whoever asks. */
export interface ToolAuthorization {
  readonly version: string;
  /** As the tool server's metadata is to name it. */
  readonly issuer: string;
  /** At its pages: says who one is and agrees, one step at a time. False when nothing was to be done. */
  act(page: Page): Promise<boolean>;
  /** What it knows of a token; undefined for one that does not count. */
  check(token: string): Promise<{ readonly scopes: readonly string[] } | undefined>;
  /** Whether what a person had is dead there, and how that is seen; undefined while it is not. */
  isRevoked?(accessToken: string): Promise<string | undefined>;
  readonly unsupported?: Partial<Record<Feature, string>>;
  stop(): Promise<void>;
}

export interface ToolAuthorizationKind {
  readonly name: string;
  start(resource: string, folder: string): Promise<ToolAuthorization>;
}

export interface ServerKind {
  readonly name: string;
  /** @throws when it is not there or does not start: every cell then fails with these words */
  start(clients: readonly WantedClient[], folder: string): Promise<InteropServer>;
}
