/** Any OpenID Connect provider with discovery: nothing is special about it. */
import { noQuirks, type Preset } from "../preset.js";

export const oidc: Preset = {
  kind: "oidc",
  displayName: null,
  issuer: { from: "operator" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  claims: {},
  // Unknown of an unknown provider: many end the whole grant, and with it the person's other devices.
  revocationEndsOneToken: false,
  quirks: noQuirks,
};
