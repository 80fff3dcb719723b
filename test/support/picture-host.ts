/** Hosts of people's pictures on loopback, over https as a picture claim has to be, and what their bytes are. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { FakePerson } from "../../src/testing/index.js";
import { authority, certificate, key } from "../egress/certificates.js";
import { aServer, type Counted } from "../egress/loopback.js";

/** The smallest PNG there is: one pixel. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

export interface PictureHost extends Counted {
  /** Its own URL of a path. */
  url(path: string): string;
}

/** Answers every path as `answer` says; closed when the test ends. */
export async function aPictureHost(answer: RequestListener): Promise<PictureHost> {
  const counted = await aServer(answer, { tls: { key, cert: certificate } });
  const url = (path: string) => `https://localhost:${counted.port}${path}`;
  return Object.defineProperty(counted, "url", { value: url }) as PictureHost;
}

export const answering =
  (bytes: Uint8Array, contentType = "image/png", status = 200): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { "content-type": contentType }).end(bytes);

export const redirecting =
  (location: string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { location }).end();

/** The file with the authority of these hosts, for `egress.ca`. */
export async function theAuthority(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-picture-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "ca.pem");
  await writeFile(path, authority);
  return path;
}

/** Ann, whose provider says that her picture is there. */
export const annWith = (picture: string | undefined): FakePerson => ({
  sub: "ann-1",
  email: "ann@example.com",
  name: "Ann Example",
  ...(picture === undefined ? {} : { picture }),
});
