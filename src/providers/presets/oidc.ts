/** Any OpenID Connect provider with discovery. A preset is data: what is special about one kind of provider. */

export interface Preset {
  /** `oidc`: issuer and discovery. */
  readonly kind: "oidc";
  /** True only where the provider documents that revoking a refresh token ends this token alone (LO-5). */
  readonly revocationEndsOneToken: boolean;
}

export const oidc: Preset = {
  kind: "oidc",
  // Unknown of an unknown provider: many end the whole grant, and with it the person's other devices.
  revocationEndsOneToken: false,
};
