/** The failure that a person can mend by connecting again, with what is needed to send them there. */
import { LatchkeyError } from "../kernel/errors.js";

/**
 * An API answered `insufficient_scope` (RFC 6750 §3.1): the token is good, and is not allowed to do this. A refresh would
 * not help, since it grants nothing new. `code` is `grant.consent_required`.
 */
export class ConsentRequired extends LatchkeyError {
  readonly connection: string;
  /** Where the person connects again: send their browser there. */
  readonly connectUrl: string;
  /** What the API asks for; empty where it does not say. */
  readonly scopes: readonly string[];
  constructor(about: { connection: string; connectUrl: string; scopes: readonly string[] }) {
    super("grant.consent_required", { data: { connection: about.connection, scopes: about.scopes } });
    this.connection = about.connection;
    this.connectUrl = about.connectUrl;
    this.scopes = about.scopes;
  }
}
