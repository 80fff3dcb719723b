/** The server beside an independent model of its rules. `npm run test:model` does the same with ten thousand sign-ins. */
import { expect, test, vi } from "vitest";
import { describeWith, postgresUrl } from "../services.js";
import { createSharedWorld } from "../support/shared-file.js";
import { runModel } from "./run-model.js";

// Hundreds of real sign-ins on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 600_000 });

test("AC-2 AC-3 AC-5 AC-6 AC-7 AC-8 AC-9 AC-10 AC-11 AC-12 AC-14 AC-15 AC-16 AC-17 AC-18 AC-21 SI-11 SI-17 after hundreds of sign-ins, also twenty at once, the rows are what the model says", async () => {
  const run = await runModel({ signIns: 400, seed: 20_261_125 });
  expect(run.signIns).toBeGreaterThanOrEqual(400);
  expect(run.atOnce).toBeGreaterThanOrEqual(100);
  // A run in which nobody came in, or nobody was refused, would prove little.
  expect(run.outcomes["ok"]).toBeGreaterThan(50);
  expect(Object.keys(run.outcomes).length).toBeGreaterThan(5);
});

describeWith("postgres", await postgresUrl(), "on Postgres", (postgres) => {
  test("AC-3 AC-12 AC-15 AC-18 the rows are what the model says there too, also twenty sign-ins at once", async () => {
    const run = await runModel({ signIns: 120, seed: 20_261_126, postgres });
    expect(run.signIns).toBeGreaterThanOrEqual(120);
    expect(run.outcomes["ok"]).toBeGreaterThan(10);
  });
});

test("AC-9 AC-18 a named admin whose roles and groups are both too many comes in, with the groups as they were", async () => {
  const world = await createSharedWorld({
    config: {
      signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] },
      roles: { fromClaims: true },
      groups: { fromClaims: true, create: true },
      limits: { groupsPerClaim: 2 },
    },
  });
  const asked = async (roles: string[], groups: string[]) => {
    const claims = { roles, groups };
    world.provider.people.set("ann-1", { sub: "ann-1", email: "ann@example.com", name: "Ann", claims });
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    return (await world.session(browser)).body.user?.groups;
  };
  expect(await asked(["x"], ["a", "b"])).toEqual(["a", "b"]);
  expect(await asked(["x"], ["b", "c", "d"])).toEqual(["a", "b"]);
  expect(await asked(["x", "y", "z"], ["b", "c", "d"])).toEqual(["a", "b"]);
  await world.close();
});
