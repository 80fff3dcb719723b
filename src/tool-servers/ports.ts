/** What connecting to tool servers needs from outside: every effect, and our own address. */
import type { FlowCookies } from "../flows/flow-cookies.js";
import type { Duration } from "../kernel/time.js";
import type { Proofs } from "../oauth/dpop.js";
import type { Metadata } from "../oauth/metadata.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { SessionCheck } from "../sessions/session.js";
import type { Clients } from "./clients.js";
import type { FoundToolServer } from "./found.js";
import type { RegistrationPorts } from "./registration-ports.js";
import type { ToolServer } from "./tool-server.js";

/**
 * What is known of a tool server; it is asked only where that is needed. `refetch`: past every copy.
 *
 * @throws LatchkeyError `connect.server_unreachable` · `connect.metadata_refused` · `connect.pkce_unsupported`
 */
export type FindToolServer = (server: ToolServer, options?: { readonly refetch?: boolean }) => Promise<FoundToolServer>;

export interface ConnectPorts extends RegistrationPorts {
  readonly proofs: Proofs;
  readonly find: FindToolServer;
  readonly clients: Clients;
  readonly flowCookies: FlowCookies;
  readonly checkSession: (headers: { get(name: string): string | null }) => Promise<SessionCheck>;
  /** Our own origin: `https://app.example`. */
  readonly origin: string;
  readonly basePath: string;
  readonly flowLifetime: Duration;
  /** Those that people sign in with, for what their word is good for at a tool server (TS-15, TS-21). */
  readonly providers: ProviderRegistry;
  readonly metadata: Pick<Metadata, "discover">;
  /** A file's text, read anew each time. @throws LatchkeyError `config.unreadable` */
  readonly readTokenFile: (file: string | null) => Promise<string | null>;
}
