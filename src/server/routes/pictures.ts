/** `GET {base}/pictures/{user}`: people's pictures, for people who are signed in and let in (SI-22). */
import { LatchkeyError } from "../../kernel/errors.js";
import { isId, type UserId } from "../../kernel/ids.js";
import { headersOf } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { pictureHeaders } from "../headers.js";
import { requireSignedIn } from "../middleware/signed-in.js";

export const sendPicture = (web: Web) => async (c: Ctx) => {
  const { user } = await requireSignedIn(web, c);
  if (user.role === "pending") throw new LatchkeyError("account.pending");
  const id = c.req.param("user") ?? "";
  const picture = isId(id) ? await web.features.picture(id as UserId) : undefined;
  if (!picture) throw new LatchkeyError("server.not_found");
  const shared = web.features.config.sessions.cookieDomain !== null;
  const etag = `"${picture.digest}"`;
  const headers = headersOf(c, pictureHeaders(web.site, picture.contentType, shared), { etag });
  if (matches(c.req.header("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  return new Response(new Uint8Array(picture.bytes), { status: 200, headers });
};

/** RFC 9110 §13.1.2, weak comparison. */
const matches = (header: string | undefined, etag: string): boolean =>
  (header ?? "").split(",").some((part) => ["*", etag, `W/${etag}`].includes(part.trim()));
