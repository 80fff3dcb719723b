/** The library's public names. */

export type { Assertion } from "./assertions/assertions.js";
export type { ConfigInput } from "./config/schema.js";
export { createLatchkey } from "./create-latchkey.js";
export type { ErrorCode, ErrorEntry } from "./kernel/error-catalog.js";
export { errorCatalog } from "./kernel/error-catalog.js";
export { LatchkeyError } from "./kernel/errors.js";
export type { Log, LogFields } from "./kernel/log.js";
export type { RandomSource } from "./kernel/random.js";
export type { Clock, Duration, Instant } from "./kernel/time.js";
export type { Admittance, Latchkey, Peer, SignedIn } from "./latchkey.js";
export type { LatchkeyOptions, Ports } from "./options.js";
export type { EndedSession } from "./sessions/ended.js";
export type { LiveSession, SignedInUser } from "./sessions/session.js";
export type { AuthProvider } from "./tool-servers/auth-provider.js";
export type { ToolServerStatus } from "./tool-servers/status.js";
export type { ToolServerUse } from "./tool-servers/token-holder.js";
export type { ToolServerConnection, ToolServersApi } from "./tool-servers/tool-servers.js";
export type { AccessToken, AccessTokenRequest } from "./vault/access-token.js";
export { ConsentRequired } from "./vault/consent-required.js";
export type { ConnectionChange, DisconnectRequest, HeldConnection } from "./vault/held-connections.js";
export type { FetchWithToken } from "./vault/outgoing.js";
export type { Vault } from "./vault/vault.js";
