/**
 * `POST /introspect` (RFC 7662, LO-11): a service asks what a token of ours amounts to now. It may ask about a session's
 * value, which whoever holds it could use anyway, and about assertions that were made for this very service.
 *
 * Everything else is `active: false` and not a word more: another service's assertion, one that has ended, one whose
 * person signed out a moment ago, and nonsense look alike (§2.2, §4).
 */
import type { Assertions } from "../assertions/assertions.js";
import type { Log } from "../kernel/log.js";
import type { Instant } from "../kernel/time.js";
import type { Authenticated, SessionCheck } from "../sessions/session.js";
import type { Service } from "./service.js";

export interface IntrospectPorts {
  /** Looks at the session as well. @throws LatchkeyError `store.*` when it cannot know */
  readonly verifyAssertion: Assertions["verify"];
  readonly checkSession: (headers: { get(name: string): string | null }) => Promise<SessionCheck>;
  /** Our own: `{baseUrl}{basePath}`. */
  readonly issuer: string;
  readonly log: Log;
}

/** The answer of §2.2. The person is told as they are now, whatever an assertion said when it was made. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly token_type: "assertion" | "session";
      readonly iss: string;
      readonly sub: string;
      readonly sid: string;
      readonly aud?: string;
      readonly iat: number;
      readonly exp: number;
      readonly jti?: string;
      readonly username: string;
      readonly email: string;
      readonly email_verified: boolean;
      readonly name: string;
      readonly role: string;
      readonly groups: readonly string[];
    };

export interface IntrospectRequest {
  readonly service: Service;
  readonly token: string;
}

const inactive = { active: false } as const;

/** @returns throws LatchkeyError `store.*` when it cannot be known, which is neither yes nor no */
export function createIntrospect(ports: IntrospectPorts): (input: IntrospectRequest) => Promise<Introspection> {
  async function ofAssertion({ service, token }: IntrospectRequest): Promise<Introspection> {
    if (service.audience === null) return inactive;
    const said = await ports.verifyAssertion(token, [service.audience]);
    if ("refused" in said) {
      ports.log.debug(
        { service: service.id, reason: said.refused },
        "an assertion was asked about and counts for nothing",
      );
      return inactive;
    }
    const { issuedAt, expiresAt, audience: aud, jti } = said.proven;
    return shown(said, { token_type: "assertion", issuedAt, expiresAt }, { aud, jti });
  }

  async function ofSession(token: string): Promise<Introspection> {
    const found = await ports.checkSession({ get: (name) => (name === "authorization" ? `Bearer ${token}` : null) });
    if (found.kind !== "signed-in") return inactive;
    const { createdAt: issuedAt, expiresAt } = found.session;
    return shown(found, { token_type: "session", issuedAt, expiresAt }, {});
  }

  function shown(
    { user, session }: Authenticated,
    of: { readonly token_type: "assertion" | "session"; readonly issuedAt: Instant; readonly expiresAt: Instant },
    more: { readonly aud?: string; readonly jti?: string },
  ): Introspection {
    // They may see nothing yet, here or anywhere behind us.
    if (user.role === "pending") return inactive;
    return {
      active: true,
      token_type: of.token_type,
      iss: ports.issuer,
      sub: user.id,
      sid: session.id,
      ...more,
      iat: Math.floor(of.issuedAt / 1_000),
      exp: Math.floor(of.expiresAt / 1_000),
      username: user.email,
      email: user.email,
      email_verified: user.emailVerified,
      name: user.name,
      role: user.role,
      groups: user.groups,
    };
  }

  // A value of ours has no dot in it, and an assertion has two.
  return (input) => (input.token.includes(".") ? ofAssertion(input) : ofSession(input.token));
}
