/** Somebody who is signed in and whose tokens are refreshed, at a provider that says something else by then (AC-19). */
import { expect, vi } from "vitest";
import { minutes } from "../../src/kernel/time.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { auditTrail } from "../support/shared-file.js";
import { aVaultWorld, connection, type VaultWorld } from "../vault/setting.js";

export const fromClaims = {
  roles: { fromClaims: true, default: "user" },
  groups: { fromClaims: true, create: true },
} as const;
export const first = { roles: ["admin"], groups: ["staff", "lab"] };

type Claims = Readonly<Record<string, unknown>>;
export const says = (world: VaultWorld, claims: Claims, more: object = {}) => {
  // The family of tokens holds the person as it was; what it says is set on its way out.
  const said = (honest: Record<string, unknown>, further: object) => {
    const { roles: _roles, groups: _groups, ...rest } = honest;
    return { ...rest, ...claims, ...further };
  };
  world.provider.tweaks.idTokenClaims = (honest) => said(honest, more);
  world.provider.tweaks.userinfo = (honest) => said(honest, {});
};

/** Ann, with two browsers signed in, and what is said of her then and from now on. */
export async function aWorld(options: WorldOptions = {}) {
  const world = await aVaultWorld({
    ...options,
    config: { ...fromClaims, ...options.config },
    provider: { people: people(first), ...options.provider },
  });
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const { body } = await world.session(browser);
  const mine = { user: body.user?.id ?? "", session: body.session?.id ?? "", connection };
  return { ...world, her: browser, mine };
}
export const people = (claims: Claims) => [
  { sub: "ann-1", email: "ann@example.com", name: "Ann Archer", claims },
  { sub: "cleo-3", email: "cleo@example.com", name: "Cleo Cook", claims: { roles: ["admin"] } },
];

/** Her app asks for a token that has to be refreshed; what follows the refresh is beside it. */
export async function refreshed(world: Awaited<ReturnType<typeof aWorld>>): Promise<string> {
  const before = world.refreshes();
  await world.clock.advance(minutes(57));
  const { accessToken } = await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(before + 1);
  return accessToken;
}
export const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 20 });
export const events = async (world: VaultWorld, type: string) =>
  (await auditTrail(world.store)).filter((event) => event.type === type);
