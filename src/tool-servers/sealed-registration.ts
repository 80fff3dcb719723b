/** What an authorization server gave us when we registered there, sealed as one value that opens in its own row alone (TS-9). */
import type { Keyring } from "../crypto/port.js";
import { registrationPlace } from "../crypto/sealed-places.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import { secret } from "../kernel/secret.js";
import type { RegisteredClient } from "../oauth/client-registration.js";
import type { RegistrationRecord } from "../store/records.js";

/** The row of one client of ours at an issuer, whichever address of ours it was made for. */
export const registrationOf = (
  rows: readonly RegistrationRecord[],
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): RegistrationRecord | undefined =>
  rows.find((row) => row.kind === "dynamic" && row.issuer === issuer && row.clientId === clientId);

export function sealRegistration(keyring: Keyring, row: { readonly id: string }, client: RegisteredClient): string {
  const { purpose, context } = registrationPlace(row);
  return keyring.seal(
    purpose,
    context,
    JSON.stringify({
      s: client.clientSecret?.reveal(),
      m: client.method,
      u: client.management?.uri,
      t: client.management?.token.reveal(),
    }),
  );
}

/** Undefined while there is nothing, or no key opens it: the row is kept (VA-4). */
export function openRegistration(keyring: Keyring, row: RegistrationRecord): RegisteredClient | undefined {
  if (row.clientId === null || row.sealed === null) return undefined;
  const { purpose, context } = registrationPlace(row);
  const opened = keyring.open(purpose, context, row.sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const [clientSecret, uri, token] = ["s", "u", "t"].map((name) => stringMember(value, name));
  return {
    clientId: row.clientId,
    clientSecret: clientSecret === undefined ? null : secret(clientSecret),
    secretEndsAt: row.secretEndsAt,
    method: stringMember(value, "m") as RegisteredClient["method"],
    management: uri === undefined || token === undefined ? null : { uri, token: secret(token) },
  };
}
