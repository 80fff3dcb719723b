/** The provider whose people a tool server knows (TS-15 `enterprise`, TS-21): the one that is named, else the only one. */
import { LatchkeyError } from "../kernel/errors.js";
import type { Provider, ProviderRegistry } from "../providers/provider.js";
import type { ToolServer } from "./tool-server.js";

/** @throws LatchkeyError `connect.registration_needed` */
export function signInProvider(providers: ProviderRegistry, server: ToolServer): Provider {
  const named = server.provider === null ? providers.all() : [providers.byId(server.provider)];
  const [only, ...others] = named.filter((one) => one?.enabled);
  if (only && others.length === 0) return only;
  const data = { toolServer: server.id, reason: "sign_in_provider", provider: server.provider };
  throw new LatchkeyError("connect.registration_needed", { data });
}
