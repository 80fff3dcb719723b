/**
 * Fetches one picture and keeps it. Where it may be fetched from, how long and how large, is the egress guard's to say;
 * what it is, its bytes; and it is kept only if the account still wants it from there when it has come.
 */
import { sha256Base64Url, sha256OfBytesBase64Url } from "../crypto/digest.js";
import type { Egress } from "../egress/port.js";
import type { UserId } from "../kernel/ids.js";
import type { Clock } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import { pictureType } from "./policy/picture-type.js";

export interface FetchPicturePorts {
  readonly store: Store;
  readonly egress: Egress;
  readonly clock: Clock;
}

export interface FetchPictureInput {
  readonly userId: UserId;
  readonly source: string;
  /** Sent to `source` alone: a redirect gets a bare question (EG-2). */
  readonly accessToken: string | undefined;
}

/** What became of it; everything but `kept` leaves the picture there was. */
export type Outcome = "kept" | "not_found" | "no_picture" | "outdated";

/** @throws LatchkeyError `egress.*` · `store.*` */
export async function fetchPicture(ports: FetchPicturePorts, input: FetchPictureInput): Promise<Outcome> {
  const { userId, source, accessToken } = input;
  const answer = await ports.egress.request({
    purpose: "picture",
    url: source,
    headers: {
      accept: "image/png, image/jpeg, image/webp, image/gif",
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
  });
  if (answer.status !== 200) return "not_found";
  const contentType = pictureType(answer.body);
  if (contentType === undefined) return "no_picture";
  const picture = {
    userId,
    contentType,
    bytes: answer.body,
    digest: sha256OfBytesBase64Url(answer.body),
    sourceHash: sha256Base64Url(source),
    fetchedAt: ports.clock.now(),
  };
  return ports.store.transaction(async (tx): Promise<Outcome> => {
    const user = await tx.users.byId(userId);
    if (user?.picture !== source) return "outdated";
    const before = await tx.pictures.summaryOf(userId);
    await tx.pictures.save(picture);
    // Sessions are remembered with the picture's URL, and that has changed.
    if (before?.digest !== picture.digest) await tx.announcements.append("user", userId, picture.fetchedAt);
    return "kept";
  });
}
