/**
 * The end of connecting: the new grant in the place of the old one, in one transaction (TS-13). The row is kept and its
 * tokens are replaced, so that a refresh with the old ones that is under way finds itself overtaken; the old tokens are
 * not revoked, since many servers would take the new ones of the same person with them.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Flow, FlowOwner, ToolRequest } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type GrantId, newId } from "../kernel/ids.js";
import type { AuthorizationServer, TokenSet } from "../oauth/types.js";
import type { Transaction } from "../store/contract.js";
import type { GrantRecord } from "../store/records.js";
import { newGrantState, sealGrant } from "../vault/sealed-grant.js";
import { mustBeThere, requireAccess } from "./admission.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

interface Connected {
  readonly server: ToolServer;
  readonly flow: Flow & { readonly link: FlowOwner; readonly tool: ToolRequest };
  readonly as: AuthorizationServer;
  readonly tokens: TokenSet & { readonly proofKey?: string };
  readonly request: AuditContext;
}

/** How often it is sealed anew because another tab of the same person was faster. */
const mostRounds = 3;

export async function storeGrant(ports: ConnectPorts, connected: Connected): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const before = await ofConnection(ports.store.grants.ofUser(connected.flow.link.userId), connected.server);
    // A sealed value opens in its own row alone, so which row it will be is known before the transaction.
    const next = grantOf(ports, connected, before.at(-1));
    const written = await ports.store.transaction((tx) => write(ports, tx, connected, next));
    if (written) return;
  }
  throw new LatchkeyError("store.busy", { data: { reason: "grant_changes_too_fast" } });
}

const ofConnection = async (grants: Promise<readonly GrantRecord[]>, { connection }: ToolServer) =>
  (await grants).filter((grant) => grant.connection === connection);

/** False when the rows are others than those that it was sealed for. */
async function write(ports: ConnectPorts, tx: Transaction, connected: Connected, next: GrantRecord): Promise<boolean> {
  const { server, flow, request } = connected;
  const { userId, sessionId } = flow.link;
  const now = ports.clock.now();
  const user = await tx.users.byId(userId);
  const session = await tx.sessions.byId(sessionId);
  const lives = session?.userId === userId && session.idleEndsAt > now && session.endsAt > now;
  if (!lives) throw new LatchkeyError("connect.session_changed", { data: { here: "ended", user: userId } });
  await requireAccess(tx, user, server);
  await mustBeThere(tx, server);
  const rows = await ofConnection(tx.grants.ofUser(userId), server);
  const same = rows.find(({ id }) => id === next.id);
  if (rows.length > 0 && !same) return false;
  if (same) await tx.grants.replace({ ...next, version: same.version + 1 }, same.version);
  else await tx.grants.insert(next);
  for (const other of rows) if (other.id !== next.id) await tx.grants.delete(other.id);
  const known = await tx.challenges.of(userId, server.connection);
  // What was challenged has been asked for. How often it was asked for stays: a server that is never content is stopped by it.
  if (known) await tx.challenges.save({ ...known, challenge: null, updatedAt: now });
  await tx.announcements.append("grant", `${userId}/${server.connection}`, now);
  const event = auditEvent(ports, now, request, {
    type: "grant.connected",
    actor: { kind: "user", id: userId },
    target: { kind: "grant", id: next.id },
    connection: server.connection,
    data: {
      user: userId,
      issuer: next.issuer,
      clientId: next.clientId,
      scopes: next.scopes,
      again: same !== undefined,
    },
  });
  await tx.audit.append(event);
  return true;
}

function grantOf(ports: ConnectPorts, connected: Connected, before: GrantRecord | undefined): GrantRecord {
  const { server, flow, as, tokens } = connected;
  const now = ports.clock.now();
  const id = before?.id ?? newId<GrantId>(now, ports.random);
  const place = { id, userId: flow.link.userId, connection: server.connection };
  const { accessToken, tokenType, refreshToken } = tokens;
  const scopes = flow.tool.scopes ?? tokens.scopes;
  const asked = { server: server.url, resource: flow.tool.resource, scopes };
  return {
    ...place,
    sessionId: null,
    issuer: as.issuer,
    clientId: flow.tool.clientId,
    accountLabel: null,
    scopes: tokens.scopes,
    issuedAt: tokens.issuedAt,
    expiresAt: tokens.expiresAt,
    ...newGrantState(now),
    // An ID token says who somebody is at a server that nobody signs in with here.
    sealed: sealGrant(ports.keyring, place, {
      accessToken,
      tokenType,
      refreshToken,
      idToken: null,
      ...(tokens.proofKey === undefined ? {} : { proofKey: tokens.proofKey }),
      asked,
    }),
  };
}
