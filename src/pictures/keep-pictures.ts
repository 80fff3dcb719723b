/**
 * People's pictures, beside the sign-in that brought them (SI-22): nobody waits for one, none is part of the decision, and
 * one that cannot be had is no failure of anything. What is under way when the process dies is fetched at the person's
 * next sign-in, since the account still names it and nothing is stored.
 *
 * Not here: where the account's picture comes from (accounts/apply-decision), the route that serves it.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { asLatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import type { TokenSet } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import type { UserRecord } from "../store/records.js";
import { type FetchPicturePorts, fetchPicture } from "./fetch-picture.js";
import { pictureWanted, tokenHost } from "./policy/wanted.js";

/** A megabyte and five seconds each. Beyond it a picture waits for the person's next sign-in. */
const mostAtOnce = 50;

export interface PicturesPorts extends FetchPicturePorts {
  readonly log: Log;
  /** `{baseUrl}{basePath}` */
  readonly base: string;
  /** `signIn.update.picture` */
  readonly update: boolean;
}

type Tokens = Pick<TokenSet, "accessToken" | "scopes">;

export interface Pictures {
  /** Where the picture of this sign-in is when no claim tells; undefined where nothing would open it. */
  hostFor(provider: Provider, tokens: Tokens): string | undefined;
  /** Somebody has signed in: sees to their picture, and answers at once. */
  signedIn(input: {
    readonly userId: UserId;
    readonly source: string | null;
    readonly provider: Provider;
    readonly tokens: Tokens;
  }): void;
  /** The URL at which we serve the picture of this user, null when there is none. */
  urlOf(user: UserRecord): Promise<string | null>;
  /** Takes no more, and resolves when those under way are done. */
  close(): Promise<void>;
}

export function createPictures(ports: PicturesPorts): Pictures {
  const { store, clock, log } = ports;
  const underWay = new Map<UserId, Promise<void>>();
  let closing = false;

  async function see(input: Parameters<Pictures["signedIn"]>[0], source: string): Promise<void> {
    const { userId, provider, tokens } = input;
    const wanted = pictureWanted({
      source,
      sourceHash: sha256Base64Url(source),
      stored: await store.pictures.summaryOf(userId),
      provider,
      scopes: tokens.scopes,
      update: ports.update,
      now: clock.now(),
    });
    if (wanted === "no") return;
    const accessToken = wanted === "with_token" ? tokens.accessToken : undefined;
    const outcome = await fetchPicture(ports, { userId, source, accessToken });
    log.debug({ user: userId, provider: provider.id, outcome }, "a picture was looked at");
  }

  return {
    hostFor: (provider, tokens) => tokenHost(provider, tokens.scopes),
    signedIn(input) {
      const { userId, source, provider } = input;
      if (source === null || closing || underWay.has(userId) || underWay.size >= mostAtOnce) return;
      const work = see(input, source)
        .catch((thrown: unknown) => {
          const { code } = asLatchkeyError(thrown);
          log.info({ user: userId, provider: provider.id, code }, "a picture could not be fetched");
        })
        .finally(() => underWay.delete(userId));
      underWay.set(userId, work);
    },
    async urlOf(user) {
      // Whoever was never told of a picture has none, and costs no query.
      const stored = user.picture === null ? undefined : await store.pictures.summaryOf(user.id);
      return stored ? `${ports.base}/pictures/${user.id}?v=${stored.digest.slice(0, 16)}` : null;
    },
    async close() {
      closing = true;
      await Promise.all(underWay.values());
    },
  };
}
