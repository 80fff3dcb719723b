/** The check on refreshes that providers refused and that no person can mend: VA-9 leaves them to the operator. */
import type { DatabaseSeen, RefusedGrants } from "./database.js";
import { check, type Finding } from "./finding.js";

const refreshes = check(
  "refreshes",
  "A client that is not known any more, or may not ask for this, gets no new tokens for anybody; people are kept connected meanwhile.",
);

/** Nothing while there is no database to look at. It is what was last answered: a change since then shows with the next refresh. */
export function judgeRefreshes(seen: DatabaseSeen): readonly Finding[] {
  if (seen.kind !== "open") return [];
  if (seen.refused.length === 0)
    return [refreshes.ok("No provider refused our client when a token was last refreshed.")];
  const found = seen.refused.map(
    ({ connection, fault, reason, grants }) => `${connection} refused our ${fault} (${reason}), ${grants} grant(s)`,
  );
  return [refreshes.warn(`${found.join("; ")}.`, fixFor(seen.refused))];
}

function fixFor(refused: readonly RefusedGrants[]): string {
  const client = refused.some(({ fault }) => fault === "client");
  const request = refused.some(({ fault }) => fault === "request");
  return [
    ...(client
      ? [
          "Compare clientId, clientSecret and tokenEndpointAuthMethod with what the provider has; they may have expired.",
        ]
      : []),
    ...(request ? ["Compare scopes and refreshScope with what the provider allows this client."] : []),
    "A changed client is tried at once, the same one again within an hour.",
  ].join(" ");
}
