/**
 * What is presented to a tool server for a person, wherever it comes from: the vault's token of their connection; the
 * operator's key; or the person's own access token at the sign-in provider, where the operator said so (TS-21). The last two
 * are sent by `toolServers.fetch` alone, which keeps them at the server.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { isId, type UserId } from "../kernel/ids.js";
import type { HeldToken } from "../vault/access-token.js";
import type { RunningVault } from "../vault/vault.js";
import { requireAccess } from "./admission.js";
import { grantOf } from "./current-grant.js";
import { lookAgain } from "./look-again.js";
import { tellOfProviderToken } from "./obtain.js";
import type { ConnectPorts } from "./ports.js";
import { signInProvider } from "./sign-in-provider.js";
import type { ToolServer } from "./tool-server.js";
import { wayOfProvider } from "./unattended.js";

/** Whose connection. */
export interface ToolServerUse {
  /** A user's id, as `sessions.authenticate` gives it. */
  readonly user: string;
  /**
   * The session that asks. Only where a token is got with what the person has at the provider they signed in with: that
   * session's is used first.
   *
   * @default what they got by the sign-in that was last
   */
  readonly session?: string | undefined;
  /** `tool:<id>` */
  readonly connection: string;
}

export interface UsePorts extends ConnectPorts {
  readonly vault: Pick<RunningVault, "boundToo">;
  /** Whose own token was written down to be sent, by a hash of it: each is told of once by each process. */
  readonly told: Set<string>;
}

/** What goes into the request. */
export interface Presented {
  /** The value of `Authorization` where there is no key, the bare token where there is one. Null: an open server, which wants none. */
  readonly credential: string | null;
  /** Null for what whoever bears it may use; else the private key of the proofs (RFC 9449). */
  readonly key: string | null;
}

export interface TokenHolder {
  first(): Promise<Presented>;
  /** After a 401; the same one where there is no other. */
  next(refused: Presented): Promise<Presented>;
}

export function holderOf(ports: UsePorts, server: ToolServer, who: ToolServerUse): TokenHolder {
  switch (server.registration) {
    case "key":
      return ofOperator(ports, server, who);
    case "provider":
      return ofProvider(ports, server, who);
    default:
      return ofVault(ports, server, who);
  }
}

/** Where the person has to act, the error says where: `data.connectUrl`. */
export async function connected<T>(server: ToolServer, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "grant.not_connected", "grant.needs_reconnect")) throw thrown;
    const data = { ...thrown.data, connectUrl: server.connectUrl };
    throw new LatchkeyError(thrown.code, { cause: thrown, data });
  }
}

/**
 * Whether somebody who has no token need not have one: it answers everybody, and has nowhere to connect at (TS-2), or to refresh at
 * what was connected before it did (TS-10).
 */
export async function isOpenTo(ports: ConnectPorts, server: ToolServer, thrown: unknown): Promise<boolean> {
  const cannotRefresh =
    isLatchkeyError(thrown, "grant.refresh_unavailable") && thrown.data["reason"] === "connect.server_unreachable";
  if (!cannotRefresh && !isLatchkeyError(thrown, "grant.not_connected", "grant.needs_reconnect")) return false;
  try {
    return (await ports.find(server)).status === "open";
  } catch (failure) {
    if (!isLatchkeyError(failure)) throw failure;
    return false;
  }
}

function ofVault(ports: UsePorts, server: ToolServer, who: ToolServerUse): TokenHolder {
  const nothing: Presented = { credential: null, key: null };
  const tokens = new Map<Presented, string>();
  const presented = async (held: HeldToken): Promise<Presented> => {
    const made = await presentable(ports, server, who, held);
    tokens.set(made, held.accessToken);
    return made;
  };
  async function first(): Promise<Presented> {
    try {
      return await presented(await connected(server, ports.vault.boundToo(who)));
    } catch (thrown) {
      if (!(await isOpenTo(ports, server, thrown))) throw thrown;
      await mustBeAdmitted(ports, server, who);
      return nothing;
    }
  }
  return {
    first,
    async next(refused) {
      // It answered everybody when it was looked at.
      if (refused === nothing) {
        await lookAgain(ports, server);
        return first();
      }
      const before = tokens.get(refused) ?? "";
      const held = await connected(server, ports.vault.boundToo(who, before));
      return held.accessToken === before ? refused : presented(held);
    },
  };
}

/** With the key that it is bound to, which is sealed beside it and handed to nobody. */
async function presentable(
  ports: UsePorts,
  server: ToolServer,
  who: ToolServerUse,
  { accessToken, tokenType }: HeldToken,
): Promise<Presented> {
  if (tokenType === "Bearer") return { credential: `Bearer ${accessToken}`, key: null };
  const held = await grantOf(ports, who.user as UserId, server);
  const key = held?.secrets?.proofKey;
  if (key !== undefined) return { credential: accessToken, key };
  throw new LatchkeyError("grant.unreadable", { data: { connection: server.connection, reason: "proof_key" } });
}

/** The same for everybody who may use the server; there is nothing to refresh. */
function ofOperator(ports: UsePorts, server: ToolServer, who: ToolServerUse): TokenHolder {
  return {
    async first() {
      await mustBeAdmitted(ports, server, who);
      // The configuration is refused where it is missing.
      return { credential: server.key?.reveal() ?? "", key: null };
    },
    next: async (refused) => refused,
  };
}

/** Decided at each use: what the server says of itself may have changed, and with it what may be sent there. */
function ofProvider(ports: UsePorts, server: ToolServer, who: ToolServerUse): TokenHolder {
  const own = ofVault(ports, server, who);
  const provider = signInProvider(ports.providers, server);
  const asSignedIn = { ...who, connection: `provider:${provider.id}` };
  const passes = async (): Promise<boolean> => {
    const as = await ports.metadata.discover(provider);
    return wayOfProvider(server, await ports.find(server), provider, as) === "pass";
  };
  async function passed({ accessToken, tokenType }: HeldToken): Promise<Presented> {
    if (tokenType !== "Bearer") throw new LatchkeyError("grant.token_bound", { data: asSignedIn });
    const once = `${who.user}/${server.id}/${sha256Base64Url(accessToken)}`;
    if (!ports.told.has(once)) {
      await tellOfProviderToken(ports, server, provider, who.user as UserId, "pass");
      if (ports.told.size >= mostTold) ports.told.clear();
      ports.told.add(once);
    }
    return { credential: `Bearer ${accessToken}`, key: null };
  }
  return {
    async first() {
      await mustBeAdmitted(ports, server, who);
      if (!(await passes())) return own.first();
      return passed(await ports.vault.boundToo(asSignedIn));
    },
    async next(refused) {
      // Of the person's own token a tool server's word ends nothing, and refreshes nothing: only its time does.
      return (await passes()) ? refused : own.next(refused);
    },
  };
}

const mostTold = 100_000;

/** As the vault asks of everybody whose token it hands out (VA-16, AC-8, AC-20, TS-19). */
async function mustBeAdmitted(ports: UsePorts, server: ToolServer, { user, connection }: ToolServerUse): Promise<void> {
  if (!server.enabled) throw new LatchkeyError("grant.connection_disabled", { data: { connection } });
  const record = isId(user) ? await ports.store.users.byId(user as UserId) : undefined;
  if (!record) throw new LatchkeyError("account.not_found", { data: { user: user.slice(0, 100) } });
  if (record.disabledAt !== null) throw new LatchkeyError("account.disabled", { data: { user } });
  if (record.role === "pending") throw new LatchkeyError("account.pending", { data: { user } });
  await requireAccess(ports.store, record, server);
}
