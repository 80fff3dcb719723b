/**
 * Fetches the groups that did not fit into a token (SI-17): page by page, from the one origin that the preset knows, with
 * an end to pages and to time.
 *
 * It never fails. Whatever stops it makes the groups *unknown*: a part of a list would look like somebody who has left
 * the rest of their groups.
 *
 * Not here: which groups a person is put into for it (accounts).
 */
import type { Egress } from "../egress/port.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { type JsonObject, parseJson } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import { type Clock, seconds } from "../kernel/time.js";
import type { GroupsOverage, Provider } from "../providers/provider.js";
import { endpointUrl } from "./urls.js";

/** With 999 ids on each, more groups than an account can be in. */
const mostPages = 20;
/** For all pages together: somebody is waiting for their sign-in. */
const longest = seconds(15);

/**
 * The person's groups where the claims only point to them; `"unknown"` when they cannot be had whole; undefined where the
 * claims hold no such pointer, or the provider knows none.
 *
 * @param input.claims a verified ID token's
 * @param input.accessToken one that may ask for the person's memberships; Entra wants the scope `User.Read` for it
 */
export async function resolveGroupsOverage(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly log: Log },
  input: { readonly provider: Provider; readonly claims: JsonObject; readonly accessToken: string },
): Promise<readonly string[] | "unknown" | undefined> {
  const { provider, claims } = input;
  const overage = provider.quirks.groupsOverage;
  if (!overage?.isOver(claims)) return undefined;
  const read = await readPages(deps, input, overage);
  if (typeof read !== "string") return read;
  deps.log.warn({ provider: provider.id, reason: read }, "groups that did not fit into the token cannot be had");
  return "unknown";
}

/** The groups, or why there are none in a few words for the log. */
async function readPages(
  deps: { readonly egress: Egress; readonly clock: Clock },
  input: { readonly provider: Provider; readonly accessToken: string },
  overage: GroupsOverage,
): Promise<readonly string[] | string> {
  // The template is the operator's: the host that people are sent to, and not one that a token names.
  const signIn = endpointUrl(input.provider.tenants?.template);
  const first = signIn && endpointUrl(overage.url(signIn.origin));
  if (!first) return "cloud_unknown";
  const started = deps.clock.monotonic();
  const groups = new Set<string>();
  let url: URL = first;
  for (let pages = 0; pages < mostPages; pages++) {
    if (deps.clock.monotonic() - started >= longest) return "too_slow";
    const document = await ask(deps.egress, url, input.accessToken);
    if (typeof document === "string") return document;
    const page = overage.page(document.json);
    if (!page) return "not_a_page";
    for (const group of page.groups) groups.add(group);
    if (page.next === null) return [...groups];
    const next = endpointUrl(page.next);
    // The token goes along: only to where it went before: a link is a redirect by another name.
    if (!next || next.origin !== first.origin) return "foreign_link";
    url = next;
  }
  return "too_many_pages";
}

async function ask(egress: Egress, url: URL, accessToken: string) {
  try {
    const headers = { accept: "application/json", authorization: `Bearer ${accessToken}` };
    const answer = await egress.request({ purpose: "groups", url, headers });
    if (answer.status !== 200) return `status_${answer.status}`;
    const json = parseJson(new TextDecoder().decode(answer.body));
    return json === undefined ? "not_json" : { json };
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    return thrown.code;
  }
}
