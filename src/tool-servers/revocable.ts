/**
 * Whether what a tool server's grant holds is revoked when it ends, as the outbox will find it (`revocationTargets`), but from
 * the database alone: for an operator, who is told what becomes of the tokens without a request to anybody. What is not known
 * without one counts as revoked.
 */
import type { Keyring } from "../crypto/port.js";
import type { Clock } from "../kernel/time.js";
import { isRevocableAt } from "../outbox/revocation.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import type { GrantRecord } from "../store/records.js";
import { keptCopy } from "./kept-copy.js";
import { chooseRegistration } from "./policy/choose-registration.js";
import { openRegistration, registrationOf } from "./sealed-registration.js";
import { discoverySettings, settingsFingerprint } from "./settings.js";
import type { ToolServer } from "./tool-server.js";

type Made = Pick<GrantRecord, "connection" | "issuer" | "clientId">;

export function createRevocable(ports: {
  readonly store: Pick<Store, "metadata" | "registrations">;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly providers: ProviderRegistry;
  /** Also one that was removed a short while ago. */
  readonly serverOf: (connection: string) => Promise<ToolServer | undefined>;
}): (grant: Made) => Promise<boolean> {
  const { store, providers } = ports;

  /** Undefined where it names none at the moment, or nobody has looked at it as it is configured now. */
  async function issuerNow(server: ToolServer): Promise<string | undefined> {
    const copy = await keptCopy(store, server.id);
    if (copy?.settings !== settingsFingerprint(discoverySettings(server))) return undefined;
    const { authorizationServer, authorizationServerFrom } = copy.found;
    return authorizationServerFrom === "metadata" ? authorizationServer?.issuer : undefined;
  }

  /** Whether this is who we are there still. */
  async function isOurs(server: ToolServer, { issuer, clientId }: Made): Promise<boolean> {
    const choice = chooseRegistration({ server, as: { issuer }, documentRefused: false });
    if (choice.kind === "static") return choice.clientId === clientId;
    if (clientId === server.documentUrl) return true;
    const rows = await store.registrations.ofConnection(server.connection);
    const row = registrationOf(rows, { issuer, clientId });
    if (!row || (row.secretEndsAt !== null && row.secretEndsAt <= ports.clock.now())) return false;
    return openRegistration(ports.keyring, row) !== undefined;
  }

  return async (grant) => {
    const server = await ports.serverOf(grant.connection);
    if (!server) return false;
    if (server.registration === "provider" && providers.all().some((one) => isRevocableAt(one, grant))) return true;
    if (((await issuerNow(server)) ?? server.authorizationServer ?? grant.issuer) !== grant.issuer) return false;
    return isOurs(server, grant);
  };
}
