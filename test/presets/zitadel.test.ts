/**
 * The preset `zitadel` against an instance that answers as ZITADEL's pages say: no claims of `profile` and `email` in an
 * ID token that comes with an access token (https://zitadel.com/docs/apis/openidoauth/endpoints), `aud` with all client
 * ids and the project's id, and `azp` (https://zitadel.com/docs/apis/openidoauth/claims, "Standard Claims"), roles as
 * objects of organizations (same page, "Reserved Claims").
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/kernel/claims.js";
import type { JsonObject } from "../../src/kernel/json.js";
import { zitadel } from "../../src/providers/presets/zitadel.js";
import { aWorldAt, signsIn } from "../options/setting.js";

const claim = "urn:zitadel:iam:org:project:roles";
const project = "69234237810729019";

const anInstance = (claims: Record<string, unknown> = {}) =>
  aWorldAt(
    (provider) => {
      provider.tweaks.idTokenClaims = (honest) => ({
        ...honest,
        aud: ["69234237810729234@pos", provider.client.clientId, project],
        azp: provider.client.clientId,
        amr: ["pwd", "mfa"],
        ...claims,
      });
      return { id: "zitadel", preset: "zitadel" };
    },
    {
      alg: "RS256",
      claimsInIdToken: false,
      people: [{ sub: "77776025198584418", email: "road.runner@acme.ch", name: "Road Runner" }],
    },
  );

describe("signing in with ZITADEL", () => {
  test("SI-1 SI-11 [option:providers.preset] goes through, with what userinfo says", async () => {
    const world = await anInstance();
    expect(await signsIn(world, undefined, "zitadel")).toMatchObject({
      error: null,
      user: { email: "road.runner@acme.ch", name: "Road Runner" },
    });
    expect(world.provider.requestsTo("userinfo")).toHaveLength(1);
  });

  test.each<[what: string, claims: Record<string, unknown>]>([
    ["says not for which of the project's clients it is", { azp: undefined }],
    ["is for another client of the project", { azp: "69234237810729234@pos" }],
    ["is for the project alone", { aud: [project] }],
  ])("SI-10 refuses an ID token that %s", async (_what, claims) => {
    const world = await anInstance(claims);
    expect(await signsIn(world, undefined, "zitadel")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test("SI-11 refuses userinfo about somebody else", async () => {
    const world = await anInstance();
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, sub: "77776025198584419" });
    expect(await signsIn(world, undefined, "zitadel")).toMatchObject({ error: "signin.userinfo_invalid", status: 401 });
  });
});

describe("roles", () => {
  const roles = (value: unknown, name = claim) => {
    const document = { sub: "x", [name]: value } as JsonObject;
    return readClaim(
      zitadel.quirks.document?.(document, "c") ?? {},
      name === claim ? (zitadel.claims.roles ?? "") : name,
    );
  };

  test.each<[what: string, value: unknown, roles: unknown]>([
    ["an object of roles", { admin: { id1: "acme.ch" }, user: { id1: "acme.ch", id2: "caos.ch" } }, ["admin", "user"]],
    ["objects in a list, as the reference writes", [{ user: { id1: "acme.zitadel.ch", id2: "caos.ch" } }], ["user"]],
    ["the same role twice", [{ user: { id1: "a.ch" } }, { user: { id2: "b.ch" } }], ["user"]],
    ["no role", {}, []],
    ["a role that is held nowhere", { admin: {}, user: { id1: "acme.ch" } }, ["user"]],
    ["a role that is no object", { admin: true, owner: "acme.ch", user: { id1: "acme.ch" } }, ["user"]],
    ["text", "admin", "admin"],
    ["a list of text", ["admin"], ["admin"]],
    ["true", true, true],
  ])("SI-16 SI-17 of %s", (_what, value, expected) => {
    expect(roles(value)).toEqual(expected);
  });

  test("SI-16 of a named project are a list too; other claims stay as they are", () => {
    expect(roles({ admin: { id1: "acme.ch" } }, `urn:zitadel:iam:org:project:${project}:roles`)).toEqual(["admin"]);
    const other = { "urn:zitadel:iam:user:metadata": { key: "VmFsdWU=" } };
    expect(zitadel.quirks.document?.({ sub: "x", ...other }, "c")).toEqual({ sub: "x", ...other });
  });

  test("SI-16 a document is never made another person's, whatever is in it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constant(claim)), fc.jsonValue()), (document) => {
        const made = zitadel.quirks.document?.({ ...document, sub: "me", iss: "us" } as JsonObject, "c");
        expect(made).toMatchObject({ sub: "me", iss: "us" });
      }),
    );
  });
});
