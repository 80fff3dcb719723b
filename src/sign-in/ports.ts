/** What signing in needs from outside: every effect, and the operator's rules, resolved once. */
import type { AccountRules } from "../accounts/policy/decide.js";
import type { Keyring } from "../crypto/port.js";
import type { Egress } from "../egress/port.js";
import type { FlowCookies } from "../flows/flow-cookies.js";
import type { Faults } from "../kernel/fault.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Duration } from "../kernel/time.js";
import type { Metadata } from "../oauth/metadata.js";
import type { Pictures } from "../pictures/keep-pictures.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { SessionCookie } from "../sessions/session-cookie.js";
import type { SignedOutMarker } from "../sessions/signed-out-marker.js";
import type { Store } from "../store/contract.js";
import type { LastProvider } from "./last-provider.js";

export interface SignInPorts {
  readonly store: Store;
  readonly egress: Egress;
  readonly keyring: Keyring;
  readonly metadata: Metadata;
  readonly providers: ProviderRegistry;
  readonly flowCookies: FlowCookies;
  readonly sessionCookie: SessionCookie;
  readonly signedOutMarker: SignedOutMarker;
  readonly lastProvider: LastProvider;
  readonly pictures: Pictures;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly faults: Faults;
  /** Our own origin: `https://app.example`. */
  readonly origin: string;
  readonly defaultReturnTo: string;
  readonly flowLifetime: Duration;
  readonly session: {
    readonly lifetime: Duration;
    readonly idle: Duration;
    /** Most sessions of one user at one provider (SI-21). */
    readonly maxPerUserAndProvider: number;
  };
  /** True where anybody who is first may take the installation: `baseUrl` is loopback (AC-9). */
  readonly openToFirstPerson: boolean;
  readonly accounts: Pick<AccountRules, "allowedDomains" | "linking" | "bootstrapAdmins" | "defaultRole"> & {
    readonly emailFallback: boolean;
    readonly update: { readonly name: boolean; readonly email: boolean; readonly picture: boolean };
  };
}

/** One callback: what the browser brought, and the facts of its request. */
export interface CompleteInput {
  readonly provider: string;
  readonly parameters: URLSearchParams;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string; readonly address: string | null; readonly userAgent: string | null };
}
