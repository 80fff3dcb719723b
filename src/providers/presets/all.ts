/** Every preset under its name in the configuration. A new one is a file here, a line in this list, and a page in docs/providers. */
import type { ProviderConfig } from "../../config/schema.js";
import type { Preset } from "../preset.js";
import { apple } from "./apple.js";
import { auth0 } from "./auth0.js";
import { authentik } from "./authentik.js";
import { discord } from "./discord.js";
import { feishu } from "./feishu.js";
import { github } from "./github.js";
import { gitlab } from "./gitlab.js";
import { google } from "./google.js";
import { keycloak } from "./keycloak.js";
import { linkedin } from "./linkedin.js";
import { microsoft } from "./microsoft.js";
import { oauth2 } from "./oauth2.js";
import { oidc } from "./oidc.js";
import { okta } from "./okta.js";
import { slack } from "./slack.js";
import { zitadel } from "./zitadel.js";

export const presets: Readonly<Record<ProviderConfig["preset"], Preset>> = {
  oidc,
  oauth2,
  google,
  microsoft,
  github,
  feishu,
  gitlab,
  slack,
  discord,
  linkedin,
  apple,
  auth0,
  authentik,
  keycloak,
  okta,
  zitadel,
};
