/**
 * openid-client's code exchange and nothing around it: no server, no session, no database. Discovery is done once and
 * the provider's approvals are got ahead, outside the measured time. PKCE, state, nonce and the claims of the ID token
 * are checked; its signature is not, as openid-client leaves that to TLS unless asked (OpenID Connect Core §3.1.3.7).
 */
import * as client from "openid-client";
import type { ProviderTold } from "./provider.js";
import { given } from "./ready.js";

export interface Exchanging {
  readonly perSecond: number;
  /** How much of its core it used, 0 to 1. */
  readonly busy: number;
}

const { issuer, clientId, clientSecret, count, warm, atOnce } = given<ProviderTold & { count: number; warm: number; atOnce: number }>();
const config = await client.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute: [client.allowInsecureRequests] });

interface Approved {
  readonly callback: URL;
  readonly checks: { pkceCodeVerifier: string; expectedState: string; expectedNonce: string };
}

async function approved(): Promise<Approved> {
  const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: "http://127.0.0.1:3000/callback",
    scope: "openid email profile",
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  });
  const answer = await fetch(url, { redirect: "manual" });
  await answer.arrayBuffer();
  return { callback: new URL(answer.headers.get("location") ?? ""), checks };
}

/** Does something so many times, several at once. */
async function times<T>(many: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < many) {
        const index = next++;
        results[index] = await act(index);
      }
    }),
  );
  return results;
}

async function exchanged(many: number): Promise<Exchanging> {
  const ready = await times(many, approved);
  const before = process.cpuUsage();
  const start = performance.now();
  await times(many, async (index) => {
    const { callback, checks } = ready[index] as Approved;
    const tokens = await client.authorizationCodeGrant(config, callback, { ...checks, idTokenExpected: true });
    if (tokens.claims()?.sub === undefined) throw new Error("nobody is named");
  });
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (many / elapsed) * 1_000, busy: (user + system) / 1_000 / elapsed };
}

await exchanged(warm);
process.stdout.write(JSON.stringify(await exchanged(count)));
process.exit(0);
