/** `GET /client-metadata[/{toolServer}].json`: what authorization servers read that take a URL as a client id (TS-8). */
import { LatchkeyError } from "../../kernel/errors.js";
import { plain } from "../answers.js";
import type { Ctx, Web } from "../env.js";

/** Long enough to spare a request per person, short enough that a new name shows the same day. */
const headers = {
  "content-type": "application/json",
  "cache-control": "public, max-age=3600",
  // It is a public document, and in no way about who asks.
  vary: "accept-encoding",
  "access-control-allow-origin": "*",
};

export const sendServerMetadata = (web: Web) => async (c: Ctx) => {
  const id = /^(.+)\.json$/.exec(c.req.param("file") ?? "")?.[1];
  return send(web, c, id === undefined ? undefined : await web.features.clientMetadata(id));
};

export const sendInstallationMetadata = (web: Web) => async (c: Ctx) =>
  send(web, c, await web.features.clientMetadata(null));

function send(web: Web, c: Ctx, document: object | undefined): Response {
  if (document === undefined) throw new LatchkeyError("server.not_found");
  return plain(web, c, 200, JSON.stringify(document), headers);
}
