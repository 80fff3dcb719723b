/** Connections that nobody is asked to consent to (TS-15, TS-21). Pure. */
import type { FoundToolServer } from "../found.js";
import type { ToolServer } from "../tool-server.js";

/** Ways to get a token of one's own accord, from the authorization server's point of view. */
export type UnattendedWay = "client-credentials" | "enterprise" | "workload" | "provider";

const ways: ReadonlySet<string> = new Set<UnattendedWay>(["client-credentials", "enterprise", "workload", "provider"]);

/** Null where a person connects it, and where there is no token to get (`key`). */
export const unattendedWay = ({ registration }: Pick<ToolServer, "registration">): UnattendedWay | null =>
  ways.has(registration) ? (registration as UnattendedWay) : null;

/** Whether a person is ever led to a consent page for it. */
export const needsPerson = (server: Pick<ToolServer, "registration">): boolean =>
  server.registration !== "key" && unattendedWay(server) === null;

/** Which token of the sign-in provider's a tool server of `registration: provider` gets (TS-21). */
export type ProviderTokenWay = "exchange" | "pass";

/**
 * The person's own access token only where the server says that it is that provider's alone to protect, or says nothing at all and
 * the operator answers for it; and where the provider says that it exchanges tokens, not even then without being told to.
 */
export function providerTokenWay(facts: {
  readonly found: Pick<FoundToolServer, "resource" | "authorizationServer" | "authorizationServerFrom">;
  /** Every issuer of the provider. */
  readonly issuers: readonly string[];
  readonly passToken: boolean;
  /** Whether its metadata lists token exchange among its grant types. */
  readonly exchanges: boolean;
}): ProviderTokenWay {
  const { found, issuers, passToken, exchanges } = facts;
  const named = found.resource?.authorizationServers ?? [];
  const own = found.authorizationServerFrom === "metadata" ? found.authorizationServer?.issuer : undefined;
  if (found.resource === null && own === undefined) return passToken ? "pass" : "exchange";
  const isItsOwn =
    named.length > 0 ? named.every((one) => issuers.includes(one)) : own !== undefined && issuers.includes(own);
  return isItsOwn && (passToken || !exchanges) ? "pass" : "exchange";
}
