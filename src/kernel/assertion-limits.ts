/** What assertions may be (LO-11), for everybody who makes, takes, or is configured for them. */
import { type Duration, minutes } from "./time.js";

/** The longest that one is good for: it cannot be taken back, so this is how long a sign-out may go unnoticed. */
export const longestAssertionLifetime: Duration = minutes(5);

/** A name or a URI (RFC 7519 §2), and short enough for a header beside everything else. */
export const isAudience = (text: string): boolean => /^[\x21-\x7e]{1,512}$/.test(text);
