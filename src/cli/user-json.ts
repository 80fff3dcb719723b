/** Records as the commands print them: RFC 3339 times, no token, hash or sealed value (VA-5). */
import type { UserDetails } from "../administration.js";
import { type Instant, toInstant, toRfc3339 } from "../kernel/time.js";
import type { UserRecord } from "../store/records.js";

const time = (at: Instant | null): string | null => (at === null ? null : toRfc3339(at));

export const userJson = (user: UserRecord) => ({
  id: user.id,
  email: user.email,
  emailVerified: user.emailVerified,
  name: user.name,
  picture: user.picture,
  role: user.role,
  roleOrigin: user.roleOrigin,
  disabledAt: time(user.disabledAt),
  createdAt: toRfc3339(user.createdAt),
  updatedAt: toRfc3339(user.updatedAt),
  lastSignInAt: time(user.lastSignInAt),
  version: user.version,
});

export const detailsJson = ({ user, groups, identities, sessions }: UserDetails) => ({
  user: userJson(user),
  groups,
  identities: identities.map(({ id, provider, issuer, subject, email, emailVerified, createdAt, lastUsedAt }) => ({
    id,
    provider,
    issuer,
    subject,
    email,
    emailVerified,
    createdAt: toRfc3339(createdAt),
    lastUsedAt: toRfc3339(lastUsedAt),
  })),
  sessions: sessions.map(({ id, provider, createdAt, lastSeenAt, idleEndsAt, endsAt, address, userAgent }) => ({
    id,
    provider,
    address,
    userAgent,
    createdAt: toRfc3339(createdAt),
    lastSeenAt: toRfc3339(lastSeenAt),
    expiresAt: toRfc3339(toInstant(Math.min(idleEndsAt, endsAt))),
  })),
});
