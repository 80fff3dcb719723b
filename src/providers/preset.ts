/**
 * What is special about one kind of provider (SI-1): data, and quirks as pure functions. A preset does nothing; the
 * registry lays the operator's record over it, and the protocol steps ask the quirks at the one place each concerns.
 *
 * A preset is one file in presets/ and one page in docs/providers/. What is claimed there names the provider's own page.
 */
import type { ProviderConfig } from "../config/schema.js";
import type { ClaimNames, Endpoints, GroupsWhenEmpty, PictureHost, ProviderKind, ProviderQuirks } from "./provider.js";

export interface Preset {
  readonly kind: ProviderKind;
  /** Name on the button; null: the provider's id. */
  readonly displayName: string | null;
  /** Picture on the button, as a data URL. Left out: the initial of the name. */
  readonly icon?: string;
  readonly issuer: PresetIssuer;
  /** For `oauth2` all of them, since there is no discovery; the operator's `endpoints` go over these. */
  readonly endpoints: Endpoints;
  readonly scopes: readonly string[];
  /** What this provider has to be asked, for the scopes that the operator wants. Left out: the scopes, and nothing more. */
  readonly request?: (scopes: readonly string[]) => {
    readonly scopes: readonly string[];
    readonly authorizeParams: Readonly<Record<string, string>>;
  };
  /** Between the operator's `providers.*.claims` and `signIn.claims`. */
  readonly claims: Partial<ClaimNames> & { readonly roles?: string; readonly groups?: string };
  /** Where the provider answers in one way alone; left out: as the operator says. */
  readonly responseMode?: "form_post";
  /** Where the client secret is a JWT that we sign (SI-4): its audience. */
  readonly signedSecret?: { readonly audience: string };
  /** Where its pictures are when no claim tells one. `providers.*.pictureUrl` goes over the URL. */
  readonly pictureHost?: PictureHost;
  /** True only where the provider documents that revoking a refresh token ends this token alone (LO-5). */
  readonly revocationEndsOneToken: boolean;
  /** Left out: `omit`, as RFC 6749 §6 has it. */
  readonly refreshScope?: "requested" | "granted";
  readonly quirks: ProviderQuirks;
}

/** Where the issuer comes from: the operator, the preset, or the tenant the operator names. */
export type PresetIssuer =
  /** `fallback`: for an operator who names none. */
  | { readonly from: "operator"; readonly fallback?: string }
  | { readonly from: "preset"; readonly issuer: string }
  | { readonly from: "tenant"; readonly resolve: (record: TenantRecord) => TenantChoice };

export type TenantRecord = Pick<ProviderConfig, "tenant" | "allowedTenants" | "loginBaseUrl">;

/** What the operator's `tenant` comes to. */
export interface TenantChoice {
  /** The issuer of every tenant, `{tenantid}` in the place of its id. */
  readonly template: string;
  readonly discoveryUrl: string;
  readonly tenant:
    | { readonly kind: "one"; readonly id: string }
    /** One tenant under a name: its id is known when discovery has told it. */
    | { readonly kind: "named"; readonly name: string }
    | { readonly kind: "many"; readonly ids: readonly string[] };
}

/** A provider that tells nobody's groups; an operator who reads another claim knows what is in it. */
export const noGroupsClaim: GroupsWhenEmpty = { is: "no_claim", of: ["groups"] };

/** What follows the specifications needs nothing said about it. */
export const noQuirks: ProviderQuirks = {
  nonce: true,
  pkce: true,
  scopeSeparator: " ",
  tokenErrors: {},
  tokenError: null,
  emailVerified: null,
  groupsWhenEmpty: { is: "unknown" },
  rolesInUserinfo: true,
  metadata: {},
  fixedMetadata: false,
  document: null,
  idTokenRefusal: null,
  postedName: null,
  groupsOverage: null,
  person: null,
};
