/** Every preset under its name in the configuration. A new one is a file here, a line in this list, and a page in docs/providers. */
import type { ProviderConfig } from "../../config/schema.js";
import type { Preset } from "../preset.js";
import { discord } from "./discord.js";
import { feishu } from "./feishu.js";
import { github } from "./github.js";
import { gitlab } from "./gitlab.js";
import { google } from "./google.js";
import { linkedin } from "./linkedin.js";
import { microsoft } from "./microsoft.js";
import { oauth2 } from "./oauth2.js";
import { oidc } from "./oidc.js";
import { slack } from "./slack.js";

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
};
