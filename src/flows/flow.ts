/**
 * One authorization request under way, held by the browser in a sealed cookie of its own (SI-8). Nothing is stored
 * here for a visitor who has not signed in. Sign-in, linking and connecting to a tool server use it.
 */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import { isJsonObject, parseJson } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";

/** Whom a flow belongs to that changes an account instead of making a session (AC-4). */
export interface FlowOwner {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/** What was asked for at a tool server: it must be the same at the token endpoint, whatever was found meanwhile. */
export interface ToolRequest {
  /** SHA-256 of the tool server's URL: its id can be another server's by the time the person comes back (TS-13). */
  readonly serverHash: string;
  readonly clientId: string;
  readonly resource: string | null;
  /** Null: more than a cookie should hold; then what was granted counts as what was asked for. */
  readonly scopes: readonly string[] | null;
}

export interface Flow {
  /** A provider's id, or `tool:<id>`, which no provider can have. */
  readonly provider: string;
  /** The issuer recorded before the redirect; `iss` and every endpoint must be its (RFC 9207 §2.4). */
  readonly issuer: string;
  /** Whether its metadata promised an `iss` parameter, when the flow began. */
  readonly sendsIss: boolean;
  /** SHA-256 of `state`; the state itself travels in URLs and must not open anything. */
  readonly stateHash: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Already through SI-7. */
  readonly returnTo: string;
  readonly startedAt: Instant;
  /** SHA-256 of the one-time set-up value this flow began with (AC-9), and when that value ends. */
  readonly setup: { readonly hash: string; readonly endsAt: Instant } | null;
  /** Set: this flow adds an identity to that user, in that session and no other. Null: it signs somebody in. */
  readonly link: FlowOwner | null;
  /** Set: this flow connects a tool server for `link`. */
  readonly tool?: ToolRequest;
}

/** Characters of scopes that travel along: five flows share 5 KB. */
const mostScopes = 700;

// Short names: five of these share 5 KB of cookie space.
export const encodeFlow = (flow: Flow): string =>
  JSON.stringify({
    p: flow.provider,
    i: flow.issuer,
    x: flow.sendsIss ? 1 : 0,
    s: flow.stateHash,
    n: flow.nonce,
    v: flow.codeVerifier,
    r: flow.returnTo,
    t: flow.startedAt,
    ...(flow.setup ? { u: flow.setup.hash, e: flow.setup.endsAt } : {}),
    ...(flow.link ? { l: [flow.link.userId, flow.link.sessionId] } : {}),
    ...(flow.tool ? { o: encodeTool(flow.tool) } : {}),
  });

/** `undefined` when the text is not a flow: sealed by us, but by another version. */
export function decodeFlow(text: string): Flow | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  const { p, i, s, n, v, r } = value as JsonObject & Record<"p" | "i" | "s" | "n" | "v" | "r", unknown>;
  const { x, t, u, e, l, o } = value as JsonObject & Record<"x" | "t" | "u" | "e" | "l" | "o", unknown>;
  for (const part of [p, i, s, n, v, r]) if (typeof part !== "string") return undefined;
  if (typeof t !== "number") return undefined;
  // What belongs to somebody must not become a sign-in because it could not be read.
  const link = l === undefined ? null : readOwner(l);
  const tool = o === undefined ? null : readTool(o);
  if (link === undefined || tool === undefined) return undefined;
  return {
    provider: p as string,
    issuer: i as string,
    sendsIss: x === 1,
    stateHash: s as string,
    nonce: n as string,
    codeVerifier: v as string,
    returnTo: r as string,
    startedAt: t as Instant,
    setup: typeof u === "string" && typeof e === "number" ? { hash: u, endsAt: e as Instant } : null,
    link,
    ...(tool ? { tool } : {}),
  };
}

function encodeTool({ serverHash, clientId, resource, scopes }: ToolRequest): readonly (string | null)[] {
  const text = scopes?.join(" ") ?? null;
  return [clientId, resource, text !== null && text.length <= mostScopes ? text : null, serverHash];
}

function readTool(value: unknown): ToolRequest | undefined {
  if (!Array.isArray(value)) return undefined;
  const [clientId, resource, scopes, serverHash] = value as readonly unknown[];
  if (typeof clientId !== "string" || typeof serverHash !== "string") return undefined;
  return {
    serverHash,
    clientId,
    resource: typeof resource === "string" ? resource : null,
    scopes: typeof scopes === "string" ? scopes.split(" ").filter((one) => one !== "") : null,
  };
}

function readOwner(value: unknown): FlowOwner | undefined {
  if (!Array.isArray(value)) return undefined;
  const [userId, sessionId] = value as readonly unknown[];
  if (typeof userId !== "string" || typeof sessionId !== "string") return undefined;
  return { userId: userId as UserId, sessionId: sessionId as SessionId };
}
