/** LO-11, VA-15: what may be an `audience` is the same wherever one is said. */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { checkNewService } from "../../src/services/policy/new-service.js";
import { aSecret, aServiceWorld } from "./setting.js";

const audiences: readonly [audience: string, is: boolean][] = [
  ["https://chat.example.com", true],
  ["chat", true],
  ["x".repeat(512), true],
  ["x".repeat(513), false],
  ["two words", false],
  ["https://ü.example", false],
  ["", false],
];

describe("an audience", () => {
  test.each(audiences)("LO-11 VA-15 [option:services.audience] %s is one: %s", async (audience, is) => {
    const service = { id: "mail", connections: ["*"], offline: false, audience };
    expect(checkNewService(service).ok).toBe(is);
    const world = await aServiceWorld();
    const services = [{ ...service, secret: aSecret() }];
    expect(resolveConfig({ ...world.config, services }).ok).toBe(is);
    const headers = { authorization: `Bearer ${world.value}` };
    const issued = world.latchkey.sessions.assertion(new Request(world.url("/x"), { headers }), { audience });
    expect(await issued.then(() => true).catch(() => false)).toBe(is);
  });
});
