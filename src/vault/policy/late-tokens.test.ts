import { expect, test } from "vitest";
import { type LateTokens, mustRevokeLate } from "./late-tokens.js";

const signedOut: LateTokens = {
  user: true,
  identity: true,
  session: false,
  sibling: false,
  revokedAtSignOut: "never",
};

test.each<[why: string, late: Partial<LateTokens>, revoked: boolean]>([
  ["signed out, where that revokes nothing", {}, false],
  ["signed out, where that revokes", { revokedAtSignOut: "always", sibling: true }, true],
  ["signed out, where a revocation ends this token alone", { revokedAtSignOut: "alone" }, true],
  ["the same, with another grant that could be hit", { revokedAtSignOut: "alone", sibling: true }, false],
  ["the connection was given up", { session: true, sibling: true }, true],
  ["the person is gone", { user: false, identity: false }, true],
  ["the sign-in method was taken away", { identity: false, sibling: true }, true],
  ["it belonged to no session, and was given up", { session: null }, true],
  ["it belonged to no session, and made way for a newer one", { session: null, sibling: true }, false],
])("VA-14 LO-5 what came too late: %s", (_why, late, revoked) => {
  expect(mustRevokeLate({ ...signedOut, ...late })).toBe(revoked);
});
