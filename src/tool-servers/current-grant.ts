/** The grant that a person holds for a tool server now: one at most, whatever its status. */
import type { UserId } from "../kernel/ids.js";
import type { StoreReads } from "../store/contract.js";
import type { GrantRecord } from "../store/records.js";
import { type GrantSecrets, openGrant } from "../vault/sealed-grant.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

export async function grantOf(
  { store, keyring }: { readonly store: Pick<StoreReads, "grants"> } & Pick<ConnectPorts, "keyring">,
  userId: UserId,
  server: ToolServer,
): Promise<{ readonly grant: GrantRecord; readonly secrets: GrantSecrets | undefined } | undefined> {
  const grant = (await store.grants.ofUser(userId)).findLast(({ connection }) => connection === server.connection);
  return grant && { grant, secrets: openGrant(keyring, grant) };
}
