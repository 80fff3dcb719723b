/** Whether a sign-in fetches a picture, and whether the access token goes along (SI-22). */
import { after, days, type Instant } from "../../kernel/time.js";
import type { PictureHost, Provider } from "../../providers/provider.js";
import type { PictureSummary } from "../../store/records.js";

/** A picture may change under its URL; before this it is not looked at again. */
export const keptFor = days(1);

export interface WantedInput {
  /** Where the picture is to be had, as the account says; null for nowhere. */
  readonly source: string | null;
  readonly sourceHash: string;
  readonly stored: Pick<PictureSummary, "sourceHash" | "fetchedAt"> | undefined;
  readonly provider: Pick<Provider, "claims" | "pictureHost">;
  readonly scopes: readonly string[];
  /** `signIn.update.picture` */
  readonly update: boolean;
  readonly now: Instant;
}

/**
 * | the account's picture | fetched |
 * |---|---|
 * | none, or pictures of this provider are switched off | no |
 * | another URL than the stored one's, or nothing is stored | yes |
 * | the stored one's URL, `update.picture` off | no: a picture is taken once |
 * | the stored one's URL, `update.picture` on | when a day has passed |
 */
export function pictureWanted(input: WantedInput): "no" | "plain" | "with_token" {
  const { source, stored, provider, update, now } = input;
  const host = tokenHost(provider, input.scopes);
  const ofHost = source !== null && source === host;
  // What another provider's host keeps cannot be had with this provider's token.
  if (source === null || (provider.claims.picture === null && !ofHost)) return "no";
  if (stored?.sourceHash === input.sourceHash && !(update && after(stored.fetchedAt, keptFor) <= now)) return "no";
  return ofHost ? "with_token" : "plain";
}

/** The preset's own picture URL, where the granted scopes open it: bare, or in the long form with the API's URL. */
export function tokenHost(
  { pictureHost }: { readonly pictureHost: PictureHost | null },
  scopes: readonly string[],
): string | undefined {
  if (!pictureHost) return undefined;
  const wanted = pictureHost.scope.toLowerCase();
  const granted = scopes.some((scope) => (scope.toLowerCase().split("/").at(-1) ?? "") === wanted);
  return granted ? pictureHost.url : undefined;
}
