/**
 * "Connect" at a server that asks nobody for consent (TS-15, TS-21): whatever has to be got is got now, and the person comes
 * straight back. It is also how an error that was final is tried again: by somebody's word, and not by itself.
 */
import { safeReturnTo } from "../flows/policy/return-to.js";
import type { UserId } from "../kernel/ids.js";
import type { Authenticated } from "../sessions/session.js";
import { requireAccess } from "./admission.js";
import { grantOf } from "./current-grant.js";
import { holderOf, type UsePorts } from "./token-holder.js";
import type { ToolServer } from "./tool-server.js";

export interface ConnectNowInput {
  readonly signedIn: Authenticated;
  /** Untrusted; SI-7 is applied to it here. */
  readonly returnTo: string | undefined;
}

/** @throws LatchkeyError `connect.*` · `grant.*` */
export async function connectWithoutPerson(ports: UsePorts, server: ToolServer, input: ConnectNowInput) {
  const { user, session } = input.signedIn;
  await requireAccess(ports.store, await ports.store.users.byId(user.id), server);
  await letAskAgain(ports, user.id, server);
  await holderOf(ports, server, { user: user.id, session: session.id, connection: server.connection }).first();
  const returnTo = safeReturnTo(input.returnTo, ports.origin) ?? `${ports.basePath}/account?done=connected`;
  return { location: new URL(returnTo, ports.origin).href, setCookies: [] as readonly string[] };
}

async function letAskAgain(ports: UsePorts, userId: UserId, server: ToolServer): Promise<void> {
  const held = await grantOf(ports, userId, server);
  if (!held || held.grant.nextAttemptAt === null) return;
  await ports.store.transaction(async (tx) => {
    const row = await tx.grants.byId(held.grant.id);
    if (!row || row.nextAttemptAt === null) return;
    await tx.grants.replace({ ...row, nextAttemptAt: null, version: row.version + 1 }, row.version);
  });
}
