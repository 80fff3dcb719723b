/**
 * Where a membership, a group or a role comes from, as the one text that is stored: `manual`, `default`, or
 * `claims:<provider> <issuer>`. The issuer is in it so that a provider id that is pointed elsewhere inherits nothing
 * (AC-21); people are shown the part before it.
 */
export const defaultOrigin = "default";

/** A provider's id has no space, so the first one ends it whatever the issuer looks like. */
export const claimsOrigin = (provider: string, issuer: string): string => `claims:${provider} ${issuer}`;

/** Whether claims of this issuer gave it, whatever its provider's id was. */
export const isClaimsOriginOf = (origin: string, issuer: string): boolean =>
  origin.startsWith("claims:") && origin.slice(origin.indexOf(" ") + 1) === issuer;

/** Whether claims of the provider of this id gave it, whatever its issuer was. */
export const isClaimsOriginFrom = (origin: string, provider: string): boolean =>
  origin.startsWith(`claims:${provider} `);

/** What people and programs are shown: `manual` · `default` · `claims:<provider>`. */
export const shownOrigin = (origin: string): string =>
  origin.startsWith("claims:") ? (origin.split(" ")[0] ?? origin) : origin;
