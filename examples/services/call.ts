/** Calls an API for a person, with what their browser brought. See README.md. */
import { createHash } from "node:crypto";

const env = (name: string): string => process.env[name] ?? "";
const type = "urn:ietf:params:oauth:token-type:access_token";

/** An access token of the person, fresh. @param refused one that the API did not take */
async function accessToken(refused?: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: env("SESSION"),
    subject_token_type: type,
    audience: env("CONNECTION"),
  });
  if (refused !== undefined) form.set("rejected_token_hash", createHash("sha256").update(refused).digest("hex"));
  const credentials = Buffer.from(`${env("SERVICE_ID")}:${env("SERVICE_SECRET")}`).toString("base64");
  const answer = await fetch(`${env("BASE")}/token`, {
    method: "POST",
    body: form,
    headers: { authorization: `Basic ${credentials}` },
  });
  const body = (await answer.json()) as Record<string, string>;
  if (answer.ok) return body["access_token"] ?? "";
  if (body["connect_uri"] !== undefined) {
    console.log(`connect first: ${body["connect_uri"]}`);
    process.exit(3);
  }
  throw new Error(`${answer.status} ${body["error"]} ${body["code"] ?? ""}`);
}

const call = (token: string): Promise<Response> => fetch(env("API"), { headers: { authorization: `Bearer ${token}` } });

const token = await accessToken();
let answer = await call(token);
if (answer.status === 401) answer = await call(await accessToken(token));
console.log(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
