/** Who may change the sign-in methods of an account: its person, let in, and signed in a moment ago (AC-4). */
import { LatchkeyError } from "../kernel/errors.js";
import { type Instant, minutes } from "../kernel/time.js";
import type { Authenticated } from "../sessions/session.js";

/** A session that was left open, or stolen, must not be enough to make a way in that stays. */
const recent = minutes(10);

export const isRecent = ({ session }: Authenticated, now: Instant): boolean => now - session.createdAt <= recent;

/** @throws LatchkeyError `account.pending` · `link.reauthentication_required` */
export function requireOwner(signedIn: Authenticated, now: Instant): void {
  if (signedIn.user.role === "pending")
    throw new LatchkeyError("account.pending", { data: { user: signedIn.user.id } });
  if (isRecent(signedIn, now)) return;
  throw new LatchkeyError("link.reauthentication_required", { data: { signedInAt: signedIn.session.createdAt } });
}
