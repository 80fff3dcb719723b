/**
 * Names that belong to features which do not exist yet. They are refused with the words "not yet" instead of being
 * ignored: a key that is silently dropped looks like a setting that works.
 *
 * A path is written with `*` for a list index. When a feature is built its names move from here into the schema.
 */

/** Presets that exist. */
export const presets = ["oidc", "google", "microsoft", "github"] as const;

export const laterPresets: readonly string[] = [
  "feishu",
  "gitlab",
  "okta",
  "auth0",
  "keycloak",
  "authentik",
  "zitadel",
  "apple",
  "slack",
  "discord",
  "linkedin",
  "oauth2",
];

const below = (parent: string, ...names: string[]): string[] => names.map((name) => `${parent}.${name}`);

/** Keys that will exist; everything below one of them is refused with it. */
export const laterKeys: readonly string[] = [
  "groups",
  "limits",
  ...below("vault", "refreshAhead", "keepAlive"),
  "toolServers",
  "services",
  "webhooks",
  "assertions",
  "verify",
  "observability.tracing",
  ...below(
    "providers.*",
    "pictureUrl",
    "keepOfflineGrants",
    "callbackIss",
    "teamId",
    "keyId",
    "roles",
    "groups",
    "tokenExchange",
  ),
  "providers.*.endpoints.introspection",
  ...below("providers.*.claims", "roles", "groups", "rolesSeparator", "groupsSeparator"),
  ...below("signIn.claims", "roles", "groups", "rolesSeparator", "groupsSeparator"),
  ...below("roles", "fromClaims", "allowed", "admin", "rules", "noMatch", "absent", "healLoneUser"),
  "sessions.maxPerUserAndProvider",
  ...below("branding", "logo", "color", "css", "links"),
  ...below("rateLimits", "token", "logout"),
];

const patternOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === "number" ? "*" : String(part))).join(".");

/** True when the key at this path belongs to a feature that does not exist yet. */
export const isLaterKey = (path: readonly PropertyKey[]): boolean => laterKeys.includes(patternOf(path));
