/** VA-9, SU-12: the doctor tells of clients that a provider refused when tokens were refreshed. */
import { expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes } from "../../src/kernel/time.js";
import { createBrowser } from "../../src/testing/browser.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { codeOf } from "../vault/setting.js";
import { aSetting } from "./setting.js";

test("VA-9 SU-12 a client that the provider refused is told by the doctor, and so is a request; nothing is while all goes well", async () => {
  const clock = createManualClock();
  const setting = await aSetting({ clock });
  const finding = async () => (await setting.examine()).all.find(({ id }) => id === "refreshes");
  expect(await finding()).toBeUndefined();
  const config = { ...setting.config, signIn: { signUp: true }, roles: { default: "user" } };
  setting.providerConfig["scopes"] = ["openid", "email", "profile", "offline_access"];
  const latchkey = await createLatchkey({
    ...(config as never as Parameters<typeof createLatchkey>[0]),
    ports: { clock, log: silentLog },
  });
  const base = String(setting.config["baseUrl"]);
  const holds = async (person: string) => {
    const browser = createBrowser(
      (request) => (request.url.startsWith(base) ? latchkey.fetch(request) : loopbackFetch(request)),
      { clock },
    );
    setting.provider.signInAs(person);
    await browser.get(`${base}/auth/providers/fake/start`);
    const { user, session } = JSON.parse((await browser.get(`${base}/auth/session`)).text);
    return { user: user.id, session: session.id, connection: "provider:fake" };
  };
  const people = [await holds("ann-1"), await holds("ben-2"), await holds("cleo-3")];
  expect(await finding()).toMatchObject({ status: "ok" });

  await clock.advance(minutes(61));
  for (const [number, error] of ["invalid_client", "invalid_client", "invalid_scope"].entries()) {
    setting.provider.next("token", { status: 400, json: { error } });
    const mine = people[number];
    if (mine)
      expect(await codeOf(latchkey.vault.accessToken(mine))).toMatch(/^grant\.(client_rejected|provider_refused)$/);
  }
  expect(await finding()).toMatchObject({
    status: "warn",
    found:
      "provider:fake refused our client (invalid_client), 2 grant(s); provider:fake refused our request (invalid_scope), 1 grant(s).",
    fix: expect.stringContaining("clientSecret"),
  });
  await clock.advance(minutes(61));
  for (const mine of people) await latchkey.vault.accessToken(mine);
  expect(await finding()).toMatchObject({ status: "ok" });
  await latchkey.close();
});
