/**
 * What a schema leaf carries besides its type: the words for "allowed", and what of its value is a secret.
 * A registry of its own, because members of zod's global one are copied into the JSON Schema.
 */
import { z } from "zod";

export interface LeafNotes {
  /** What may stand here, as it is shown after "allowed:". */
  readonly allowed?: string;
  /** The value is never shown: not by `config print`, not in a problem (VA-5). */
  readonly secret?: boolean;
  /** The value is a URL in which a password may stand, or what was meant to be one: what may be the password is not shown. */
  readonly password?: boolean;
}

export const leafNotes = z.registry<LeafNotes>();
