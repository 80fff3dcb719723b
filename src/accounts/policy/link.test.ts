import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IdentityId, UserId } from "../../kernel/ids.js";
import type { IncomingIdentity } from "./identity.js";
import {
  type LinkFacts,
  type LinkRefusal,
  type OwnIdentity,
  refuseLink,
  refuseUnlink,
  roleAfterUnlink,
} from "./link.js";

const ann = "ann" as UserId;
const ben = "ben" as UserId;
const identity: IncomingIdentity = {
  issuer: "https://two.example",
  subject: "1",
  sub: "1",
  email: "ann@two.example",
  emailVerified: true,
  emailMadeUp: false,
  name: undefined,
  picture: undefined,
};
const user = { id: ann, disabled: false, role: "user" };
const facts: LinkFacts = { user, sessionLives: true, takenBy: undefined, issuers: ["https://one.example"] };
const anyDomain = { allowedDomains: ["*"] };
const ownDomain = { allowedDomains: ["two.example"] };

describe("adding an identity", () => {
  const table: [
    why: string,
    LinkRefusal | undefined,
    Partial<LinkFacts>,
    Partial<IncomingIdentity>?,
    typeof anyDomain?,
  ][] = [
    ["one that is nobody's is added", undefined, {}],
    [
      "an address that nobody verified is no matter where every domain may come in",
      undefined,
      {},
      { emailVerified: false },
    ],
    ["a user that is gone", "link.session_changed", { user: undefined }],
    ["a session that has ended", "link.session_changed", { sessionLives: false }],
    ["a user who is switched off", "account.disabled", { user: { ...user, disabled: true } }],
    ["a user who waits for approval", "account.pending", { user: { ...user, role: "pending" } }],
    ["an identity of somebody else", "link.identity_taken", { takenBy: ben }],
    [
      "… also where the user has one of this issuer",
      "link.identity_taken",
      { takenBy: ben, issuers: [identity.issuer] },
    ],
    ["a second one of the issuer", "link.issuer_taken", { issuers: ["https://one.example", identity.issuer] }],
    ["the same one again", "link.issuer_taken", { takenBy: ann, issuers: [identity.issuer] }],
    ["an address in an allowed domain", undefined, {}, {}, ownDomain],
    ["an address in no allowed domain", "account.domain_refused", {}, { email: "ann@three.example" }, ownDomain],
    ["an unproven address in an allowed domain", "account.domain_refused", {}, { emailVerified: false }, ownDomain],
  ];
  test.each(table)("AC-4 AC-5 %s: %s", (_why, expected, over, incoming = {}, rules = anyDomain) => {
    expect(refuseLink({ ...identity, ...incoming }, { ...facts, ...over }, rules)).toBe(expected);
  });
});

describe("removing an identity", () => {
  const some = fc.uniqueArray(fc.record({ id: fc.constantFrom("a", "b", "c", "d"), usable: fc.boolean() }), {
    selector: ({ id }) => id,
  }) as fc.Arbitrary<OwnIdentity[]>;

  test("AC-4 whatever is removed in whatever order, one that leads in stays", () => {
    fc.assert(
      fc.property(some, fc.array(fc.constantFrom("a", "b", "c", "d", "x")), (start, wishes) => {
        let own = start;
        for (const id of wishes) {
          if (refuseUnlink(id, own) === undefined) own = own.filter((one) => one.id !== id);
        }
        if (start.some(({ usable }) => usable)) expect(own.some(({ usable }) => usable)).toBe(true);
        if (start.length > 0) expect(own.length).toBeGreaterThan(0);
      }),
    );
  });

  test("AC-4 one whose provider is switched off may go, and may not be what is left", () => {
    const on = { id: "on" as IdentityId, usable: true };
    const off = { id: "off" as IdentityId, usable: false };
    expect([refuseUnlink("off", [on, off]), refuseUnlink("on", [on, off])]).toEqual([undefined, "link.last_identity"]);
    expect(refuseUnlink("on", [on])).toBe("link.last_identity");
    expect(refuseUnlink("else", [on, off])).toBe("link.not_found");
  });
});

describe("the role of somebody who takes a method away", () => {
  const rules = { order: ["pending", "guest", "user", "admin"], default: "user" };
  const left = (role: string, roleOrigin: string, lastAdmin = false) => {
    const end = roleAfterUnlink({ role, roleOrigin, lastAdmin }, ["corp", "corp-too"], rules, "unlink");
    return `${end.kind} ${end.role}`;
  };
  test.each([
    ["admin", "claims:corp", "set user"],
    ["admin", "claims:corp-too", "set user"],
    ["user", "claims:corp", "keep user"],
    // Nobody rises by it.
    ["guest", "claims:corp", "keep guest"],
    ["pending", "claims:corp", "keep pending"],
    // What others gave stays.
    ["admin", "claims:other", "keep admin"],
    ["admin", "claims:corp2", "keep admin"],
    ["admin", "manual", "keep admin"],
    ["admin", "first-user", "keep admin"],
  ])("VA-14 AC-12 %s from %s: %s", (role, origin, expected) => expect(left(role, origin)).toBe(expected));

  test("VA-14 AC-12 the last admin keeps it", () => {
    expect(left("admin", "claims:corp", true)).toBe("last_admin_kept admin");
  });
});
