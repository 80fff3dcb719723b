/** RFC 9449 §4.2, read back with jose. */
import { createHash } from "node:crypto";
import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { countedRandom } from "../../test/support/oauth-setting.js";
import { newProofKey } from "../crypto/proof-key.js";
import { createManualClock } from "../testing/manual-clock.js";
import { challengesNonce, createProofs, wantsNonce } from "./dpop.js";

const setting = () => {
  const clock = createManualClock();
  return { clock, proofs: createProofs({ clock, random: countedRandom() }), key: newProofKey() };
};
const read = async (proof: string, now: number) => {
  const header = decodeProtectedHeader(proof);
  const { payload } = await jwtVerify(proof, await importJWK(header.jwk as JWK, "ES256"), {
    currentDate: new Date(now),
  });
  return { header, payload };
};
const withNonce = (nonce: string) => new Headers({ "dpop-nonce": nonce });

test("TS-22 a proof names method and URL without query and fragment, and the token where there is one", async () => {
  const { clock, proofs, key } = setting();
  const url = "https://mcp.example/mcp?page=2#top";
  const { header, payload } = await read(
    await proofs.proof(key, { method: "POST", url, accessToken: "token" }),
    clock.now(),
  );
  expect(header).toMatchObject({ alg: "ES256", typ: "dpop+jwt" });
  expect(Object.keys(header.jwk ?? {}).sort()).toEqual(["crv", "kty", "x", "y"]);
  const ath = createHash("sha256").update("token").digest("base64url");
  expect(payload).toMatchObject({ htm: "POST", htu: "https://mcp.example/mcp", iat: clock.now() / 1_000, ath });
  const bare = await read(await proofs.proof(key, { method: "POST", url }), clock.now());
  expect(bare.payload).not.toHaveProperty("ath");
  expect(bare.payload.jti).not.toBe(payload.jti);
});

test("TS-22 the newest nonce of an origin goes into its proofs, and into no other's", async () => {
  const { clock, proofs, key } = setting();
  const nonceFor = async (url: string) =>
    (await read(await proofs.proof(key, { method: "GET", url }), clock.now())).payload["nonce"];
  expect(proofs.remember("https://a.example/token", withNonce("one"))).toBe(true);
  expect(proofs.remember("https://a.example/other", withNonce("two"))).toBe(true);
  expect(proofs.remember("https://a.example/token", new Headers())).toBe(false);
  expect(proofs.remember("https://a.example/token", withNonce("x".repeat(2_000)))).toBe(false);
  expect(await nonceFor("https://a.example/mcp")).toBe("two");
  expect(await nonceFor("https://a.example:8443/mcp")).toBeUndefined();
  for (let other = 0; other < 1_000; other++) proofs.remember(`https://${other}.example/`, withNonce("n"));
  expect(await nonceFor("https://a.example/mcp")).toBeUndefined();
});

test("TS-22 only what says use_dpop_nonce is a question for another nonce", () => {
  const body = (error: string) => new TextEncoder().encode(JSON.stringify({ error }));
  expect([wantsNonce(400, body("use_dpop_nonce")), wantsNonce(401, body("use_dpop_nonce"))]).toEqual([true, true]);
  expect([wantsNonce(200, body("use_dpop_nonce")), wantsNonce(400, body("invalid_grant"))]).toEqual([false, false]);
  const answer = (status: number, challenge: string) => ({
    status,
    headers: new Headers({ "www-authenticate": challenge }),
  });
  expect(challengesNonce(answer(401, 'DPoP error="use_dpop_nonce"'))).toBe(true);
  expect(challengesNonce(answer(401, 'Bearer error="use_dpop_nonce"'))).toBe(false);
  expect(challengesNonce(answer(403, 'DPoP error="use_dpop_nonce"'))).toBe(false);
});
