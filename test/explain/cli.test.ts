/** SI-19, SU-11: `latchkey claims explain` over a real database that it only looks at. */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { aGroup, anIdentity, aUser, write } from "../../src/testing/store-suite/samples.js";
import { aCommandLine, type CommandLine } from "../support/command-line.js";

const issuer = "https://idp.corp.test";
const config = {
  signIn: { signUp: true },
  roles: { fromClaims: true, allowed: ["staff", "glob:team-*"], admin: ["boss"] },
  groups: { fromClaims: true, create: true, blocked: ["*-admins"], default: "everybody" },
};
const ann = { iss: issuer, sub: "ann-1", email: "ann@example.com", email_verified: true, name: "Ann" };

async function asked(line: CommandLine, claims: unknown, ...more: string[]) {
  await line.write("claims.json", JSON.stringify(claims));
  return line.run("claims", "explain", "--provider", "corp", "--file", "claims.json", ...more);
}
/** Somebody who is there, so that nobody is the first. */
async function withAdmin(line: CommandLine): Promise<void> {
  await write(line.store, (tx) => tx.users.insert(aUser({ email: "root@example.com", role: "admin" })));
}
/** Everything that is in the database's files. */
const bytesOf = (line: CommandLine) => {
  line.store.changeCounter();
  return readFileSync(line.database).toString("base64");
};

describe("somebody new", () => {
  test("SI-19 SU-11 is told with identity, trust, role and rule, groups and why", async () => {
    const line = await aCommandLine(config);
    await withAdmin(line);
    const claims = { ...ann, roles: ["guest", "team-a"], groups: ["staff", "eu-admins", 7, true] };
    const told = await asked(line, claims, "--json");
    expect(told.code).toBe(0);
    expect(told.json()).toMatchObject({
      kind: "admit",
      provider: "corp",
      issuer,
      user: null,
      email: { address: "ann@example.com", trusted: true, why: "verified_claim" },
      person: { identity: { subject: "ann-1", email: "ann@example.com", emailVerified: true } },
      account: { kind: "create", role: { role: "user", origin: "claims:corp", rule: "roles.allowed: glob:team-*" } },
      groups: [
        { kind: "create", name: "everybody", why: "default" },
        { kind: "create", name: "staff", why: "in_claim" },
        { kind: "blocked", name: "eu-admins", pattern: "*-admins" },
        { kind: "create", name: "7", why: "in_claim" },
      ],
      warnings: [{ code: "values_dropped", claim: "groups", wrongType: 1, tooLong: 0, malformed: 0 }],
    });
    const text = await asked(line, claims);
    expect(text.code).toBe(0);
    expect(text.out).toBe(
      [
        "Would sign in.",
        "  provider  corp, issuer https://idp.corp.test",
        "  subject   ann-1",
        "  e-mail    ann@example.com, trusted: the provider says that it is verified",
        "  name      Ann",
        "  account   a new one",
        "  role      user, by roles.allowed: glob:team-*",
        "",
        "Groups",
        "  made     everybody  new users join it (groups.default)",
        "  made     staff      the claim names it",
        "  made     7          the claim names it",
        "  blocked  eu-admins  groups.blocked: *-admins",
        "",
        "note  Of groups were dropped: 1 of a wrong type, 0 too long, 0 with characters that no name has.",
        "",
      ].join("\n"),
    );
  });

  test("SI-19 is refused with the reason, the rule and status 1", async () => {
    const line = await aCommandLine(config);
    await withAdmin(line);
    const told = await asked(line, { ...ann, roles: ["guest"] }, "--json");
    expect(told.code).toBe(1);
    expect(told.json()).toMatchObject({
      kind: "refuse",
      reason: "account.role_refused",
      rule: "roles.noMatch",
      signOutEverywhere: false,
      warnings: [{ code: "claim_absent", claim: "groups", name: "groups" }],
    });
    expect((await asked(line, { ...ann, roles: ["guest"] })).out).toContain("Would be refused: account.role_refused");
  });

  test.each([
    ["no subject", { iss: issuer, email: "a@example.com" }, "signin.subject_invalid"],
    ["no address", { iss: issuer, sub: "1" }, "signin.email_missing"],
    ["two addresses", { iss: issuer, sub: "1", email: "a@x.test, b@x.test" }, "signin.email_invalid"],
  ])("SI-19 %s is unreadable", async (_why, claims, problem) => {
    const told = await asked(await aCommandLine(config), claims, "--json");
    expect([told.code, told.json().kind, told.json().problem]).toEqual([1, "unreadable", problem]);
  });

  test("SI-19 SI-18 says why an address is not trusted", async () => {
    const line = await aCommandLine({ ...config, signIn: { signUp: true, emailFallback: true } });
    const why = async (claims: object) => (await asked(line, { ...ann, ...claims }, "--json")).json().email;
    expect(await why({ email_verified: "yes" })).toMatchObject({ trusted: false, why: "not_verified" });
    expect(await why({ email: "ａnn@example.com" })).toMatchObject({ trusted: false, why: "folded" });
    const madeUp = await asked(line, { ...ann, email: null }, "--json");
    expect(madeUp.json().email).toMatchObject({ trusted: false, why: "made_up" });
    expect(madeUp.json().warnings).toContainEqual({ code: "address_made_up", email: madeUp.json().email.address });
    const providers = [{ id: "corp", issuer, clientId: "x", emailVerified: "always" }];
    const vouching = await asked(await aCommandLine({ providers }), { ...ann, email_verified: false }, "--json");
    expect(vouching.json().email).toMatchObject({ trusted: true, why: "vouched_for" });
  });
});

describe("somebody known", () => {
  async function withAnn() {
    const line = await aCommandLine(config);
    await withAdmin(line);
    const origin = `claims:corp ${issuer}`;
    const user = aUser({ email: "ann@example.com", role: "user", name: "Ann Archer" });
    const staff = aGroup({ name: "staff", createdBy: origin });
    const lunch = aGroup({ name: "lunch", createdBy: "manual" });
    await write(line.store, async (tx) => {
      await tx.users.insert(user);
      await tx.identities.insert(anIdentity(user, { issuer, subject: "ann-1", sub: "ann-1" }));
      await tx.groups.insertMany([staff, lunch]);
      const createdAt = user.createdAt;
      await tx.groups.addMember({ userId: user.id, groupId: staff.id, origin, createdAt });
      await tx.groups.addMember({ userId: user.id, groupId: lunch.id, origin: "manual", createdAt });
    });
    return { line, user };
  }

  test("SI-19 is named, with what changes and what stays, and nothing is written", async () => {
    const { line, user } = await withAnn();
    const before = bytesOf(line);
    const told = await asked(line, { ...ann, roles: "boss", groups: [] }, "--json");
    expect(told.json()).toMatchObject({
      kind: "admit",
      user: { id: user.id, email: "ann@example.com", name: "Ann Archer", role: "user" },
      account: { kind: "update", userId: user.id, role: { role: "admin", rule: "roles.admin: boss" } },
      groups: [
        { kind: "keep", name: "lunch", why: "not_of_this_provider" },
        { kind: "leave", name: "staff", why: "not_in_claim" },
      ],
    });
    expect((await asked(line, { ...ann, roles: "boss", groups: [] })).out).toContain(
      "admin, by roles.admin: boss; was user",
    );
    const out = await asked(line, { ...ann, roles: ["guest"] });
    expect(out.out).toContain("every session of this person ends");
    expect(bytesOf(line)).toBe(before);
    expect((await line.store.audit.list({ limit: 9 })).items).toEqual([]);
    expect(await line.store.users.byId(user.id)).toEqual(user);
  });

  test("SI-19 --user decides as if the identity were this person's", async () => {
    const { line, user } = await withAnn();
    const stranger = { iss: issuer, sub: "zoe-9", email: "zoe@example.com", roles: ["staff"], groups: ["staff"] };
    expect((await asked(line, stranger, "--json")).json().account.kind).toBe("create");
    const told = await asked(line, stranger, "--user", " Ann@example.com", "--json");
    expect(told.json()).toMatchObject({ user: { id: user.id }, account: { kind: "update", userId: user.id } });
    const root = await asked(line, { ...ann, roles: ["staff"] }, "--user", "root@example.com", "--json");
    expect(root.json()).toMatchObject({
      user: { email: "root@example.com" },
      role: { kind: "last_admin_kept", wanted: "user" },
    });
    expect(root.json().warnings).toContainEqual({ code: "identity_of_another", email: "ann@example.com" });
    const nobody = await asked(line, stranger, "--user", "nobody@example.com", "--json");
    expect([nobody.code, nobody.json().error.code]).toEqual([2, "account.not_found"]);
  });
});

describe("what is around the claims", () => {
  test("SI-19 without a database it decides as for an empty installation, says so, and makes none", async () => {
    const line = await aCommandLine(config);
    await line.store.close();
    for (const end of ["", "-wal", "-shm"]) await rm(line.database + end, { force: true });
    const told = await asked(line, ann, "--json");
    expect(told.json()).toMatchObject({ kind: "admit", account: { kind: "create", role: { origin: "first-user" } } });
    expect(told.json().warnings).toContainEqual({ code: "no_database" });
    expect(() => readFileSync(line.database)).toThrow("ENOENT");
    expect((await asked(line, ann)).out).toContain("There is no database yet");
  });

  test("SI-19 AC-9 the first person elsewhere than on loopback needs the set-up link here too", async () => {
    const told = await asked(await aCommandLine({ ...config, baseUrl: "https://app.example" }), ann, "--json");
    expect([told.code, told.json().reason]).toEqual([1, "signin.setup_required"]);
  });

  test("SI-19 a provider that is switched off, another issuer, and a claim that decides nothing are said", async () => {
    const off = await aCommandLine({ providers: [{ id: "corp", issuer, clientId: "x", enabled: false }] });
    const told = await asked(off, { ...ann, roles: ["admin"] }, "--json");
    expect([told.code, told.json().kind]).toEqual([1, "admit"]);
    expect(told.json().warnings).toEqual([
      { code: "provider_disabled" },
      { code: "claim_unused", claim: "roles", name: "roles" },
    ]);
    const other = await asked(await aCommandLine(), { ...ann, iss: "https://evil.test" }, "--json");
    expect([other.code, other.json().issuer]).toEqual([1, issuer]);
    expect(other.json().warnings).toEqual([{ code: "issuer_differs", expected: [issuer] }]);
  });

  test("SI-19 SI-18 a preset reads the claims as a sign-in would", async () => {
    const tenant = "11111111-2222-3333-4444-555555555555";
    const microsoft = await aCommandLine({
      ...config,
      providers: [{ id: "corp", preset: "microsoft", tenant, clientId: "x", clientSecret: "a secret for this test" }],
    });
    const iss = `https://login.microsoftonline.com/${tenant}/v2.0`;
    const entra = { ...ann, iss, roles: ["staff"] };
    expect((await asked(microsoft, entra, "--json")).json().email.why).toBe("not_verified");
    const elsewhere = { ...entra, xms_edov: true, _claim_names: { groups: "src1" } };
    const told = (await asked(microsoft, elsewhere, "--json")).json();
    expect(told.email.why).toBe("verified_claim");
    expect(told.warnings).toEqual([{ code: "claim_unknown", claim: "groups", name: "groups", reason: "overage" }]);

    const github = await aCommandLine({
      ...config,
      roles: {},
      providers: [{ id: "corp", preset: "github", clientId: "x", clientSecret: "a secret for this test" }],
    });
    const documents = {
      userinfo: { id: 7, login: "ann" },
      emails: [{ email: "ann@example.com", primary: true, verified: true }],
    };
    expect((await asked(github, documents, "--json")).json()).toMatchObject({
      issuer: "https://github.com/login/oauth",
      person: { identity: { subject: "7", email: "ann@example.com", emailVerified: true } },
    });
  });
});

describe("the command line", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["no JSON", "{", "it is not JSON"],
    ["a list", "[]", "it is JSON, but no object with a claim for each member"],
    ["a token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.canary", "it is a token; its payload is wanted, as JSON"],
    ["no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "it is not text in UTF-8"],
    ["too much", `{"a":"${"x".repeat(4 * 1_024 * 1_024)}"}`, "it is larger than 4 MB"],
  ])("SU-11 SI-19 %s is wrong usage, with a code and without what was read", async (_why, content, reason) => {
    const line = await aCommandLine();
    await line.write("claims.json", content);
    const told = await line.run("claims", "explain", "--provider", "corp", "--file", "claims.json", "--json");
    expect(told.code).toBe(2);
    expect(told.json().error).toMatchObject({
      code: "signin.claims_unreadable",
      data: { file: "claims.json", reason },
    });
    expect(told.out).not.toContain("canary");
  });

  test("SU-11 SI-19 - reads standard input; a file that is not there and a provider that is not known are wrong usage", async () => {
    const line = await aCommandLine();
    line.feed(JSON.stringify(ann));
    expect((await line.run("claims", "explain", "--provider", "corp", "--file", "-", "--json")).json().kind).toBe(
      "admit",
    );
    const missing = await line.run("claims", "explain", "--provider", "corp", "--file", "none.json", "--json");
    expect([missing.code, missing.json().error.code]).toEqual([2, "signin.claims_unreadable"]);
    const unknown = await line.run("claims", "explain", "--provider", "crop", "--file", "-", "--json");
    expect([unknown.code, unknown.json().error.code]).toEqual([2, "signin.provider_unknown"]);
    expect((await line.run("claims", "explain", "--provider", "corp")).code).toBe(2);
    const help = await line.run("claims", "explain", "--help");
    expect(help.code).toBe(0);
    for (const words of ["Examples:", "--user <email>", "Exit status: 0 would sign in, 1 would be refused"])
      expect(help.out).toContain(words);
  });

  test("SU-11 SI-19 a configuration that is not valid is 3, a database that cannot be used is 4", async () => {
    const wrong = await aCommandLine({ roles: { default: "emperor" } });
    expect((await asked(wrong, ann)).code).toBe(3);
    const line = await aCommandLine();
    await line.store.close();
    for (const end of ["-wal", "-shm"]) await rm(line.database + end, { force: true });
    await line.write("test.db", "no database, but long enough to look at it as one".repeat(99));
    const told = await asked(line, ann, "--json");
    expect([told.code, told.json().error.code]).toEqual([4, "store.unavailable"]);
  });

  test("SI-19 SI-24 what a stranger wrote moves no cursor", async () => {
    const line = await aCommandLine(config);
    const told = await asked(line, { ...ann, name: "A\u202eB", groups: ["x\u202ey"] });
    expect(told.out).toContain("x\ufffdy");
    expect(told.out).not.toMatch(/[\u202e\u001b]/);
  });
});

describe("a provider's own conditions", () => {
  const google = { id: "google", preset: "google", clientId: "x", clientSecret: "a secret for this test" };
  const domain = { providers: [{ ...google, authorizeParams: { hd: "corp.example" } }], signIn: { signUp: true } };
  const claims = { iss: "https://accounts.google.com", sub: "1", email: "ann@corp.example", email_verified: true };

  test("SI-19 SI-10 the Workspace that was asked for: claims of another one would be refused, and it says so", async () => {
    const line = await aCommandLine(domain);
    await withAdmin(line);
    const explain = async (more: object) => {
      await line.write("claims.json", JSON.stringify({ ...claims, ...more }));
      return line.run("claims", "explain", "--provider", "google", "--file", "claims.json", "--json");
    };
    for (const hd of [undefined, "evil.example", 7]) {
      const told = await explain({ hd });
      expect(told.code).toBe(1);
      expect(told.json().warnings).toContainEqual({ code: "id_token_refused", claim: "hd" });
    }
    const fine = await explain({ hd: "corp.example" });
    expect([fine.code, fine.json().warnings]).toEqual([0, []]);
    const text = await line.run("claims", "explain", "--provider", "google", "--file", "claims.json");
    expect(text.out).toMatch(/^Would sign in/);
    await explain({ hd: "evil.example" });
    const refused = await line.run("claims", "explain", "--provider", "google", "--file", "claims.json");
    expect(refused.out).toContain("hd is not what authorizeParams asks for: a sign-in would refuse the ID token.");
    expect(refused.out).toMatch(/^Would not sign in/);
  });
});
