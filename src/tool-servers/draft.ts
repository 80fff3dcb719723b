/**
 * What an admin typed about a tool server, between the page that looks at it and the page that adds it (TS-18): sealed, in
 * a field of the form. So a client secret that was typed is on no page that can be read, and what is added is what was
 * looked at and shown. It opens for the admin and in the session that typed it.
 */
import type { Keyring } from "../crypto/port.js";
import { isJsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import { after, type Clock, hours, type Instant } from "../kernel/time.js";

/** The fields of the form, as text. */
export interface TypedToolServer {
  readonly url: string;
  readonly id: string;
  readonly name: string;
  /** Separated by spaces. */
  readonly scopes: string;
  readonly roles: readonly string[];
  /** One on each line. */
  readonly groups: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Draft {
  readonly typed: TypedToolServer;
  /** It can be added: it was looked at with what was typed, and what was found was shown. */
  readonly shown: boolean;
  /** The authorization server that was shown. */
  readonly issuer: string | null;
  /** It has become too old, and had a secret. */
  readonly forgotten: boolean;
}

/** Who typed it. */
interface Author {
  readonly user: string;
  readonly session: string;
}

type Ports = { readonly keyring: Keyring; readonly clock: Pick<Clock, "now"> };

/** A form that was left open for longer is filled in with all but the secret. */
const lifetime = hours(1);

const placeOf = ({ user, session }: Author) => ({ table: "tool-server-draft", row: session, user });

export const sealDraft = ({ keyring, clock }: Ports, author: Author, draft: Omit<Draft, "forgotten">): string =>
  keyring.seal("tool-server-draft", placeOf(author), JSON.stringify({ ...draft, at: clock.now() }));

/** Undefined where this admin did not type it in this session. One that is too old has no secret and was not shown. */
export function openDraft({ keyring, clock }: Ports, author: Author, sealed: string): Draft | undefined {
  const opened = keyring.open("tool-server-draft", placeOf(author), sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  // It was sealed by this code, or by that of another version: only as much of it is believed as is asked for here.
  const typed = isJsonObject(value) ? member(value, "typed") : undefined;
  if (!isJsonObject(value) || !isJsonObject(typed)) return undefined;
  const text = (name: string) => {
    const found = member(typed, name);
    return typeof found === "string" ? found : "";
  };
  const roles = member(typed, "roles");
  const at = member(value, "at");
  const fresh = typeof at === "number" && after(at as Instant, lifetime) > clock.now();
  return {
    typed: {
      url: text("url"),
      id: text("id"),
      name: text("name"),
      scopes: text("scopes"),
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
      groups: text("groups"),
      clientId: text("clientId"),
      clientSecret: fresh ? text("clientSecret") : "",
    },
    shown: fresh && member(value, "shown") === true,
    issuer: stringMember(value, "issuer") ?? null,
    forgotten: !fresh && text("clientSecret") !== "",
  };
}
