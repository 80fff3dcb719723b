/**
 * Latchkey as `serve` runs it (metrics on, requests logged at debug, SQLite in a file), with one person signed in who
 * is in three groups. It is the build in `dist/` that runs, as installed.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLatchkey } from "../../dist/create-latchkey.js";
import { systemRandom } from "../../dist/crypto/random.js";
import { newId } from "../../dist/kernel/ids.js";
import { silentLog } from "../../dist/kernel/log.js";
import { systemClock } from "../../dist/kernel/time.js";
import { openSqliteStore } from "../../dist/store/sqlite.js";
import { createBrowser, startFakeProvider } from "../../dist/testing/index.js";
import type { GroupId, UserId } from "../../dist/kernel/ids.js";

export async function aSignedInLatchkey() {
  const provider = await startFakeProvider();
  const file = join(mkdtempSync(join(tmpdir(), "latchkey-bench-")), "latchkey.db");
  const baseUrl = "http://127.0.0.1:3000";
  const latchkey = await createLatchkey({
    baseUrl,
    secrets: ["a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42"],
    database: `sqlite:${file}`,
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
    providers: [
      {
        id: "corp",
        displayName: "Corp",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
      },
    ],
  });
  const browser = createBrowser((request) =>
    new URL(request.url).origin === baseUrl ? latchkey.fetch(request, { address: "127.0.0.1" }) : fetch(request, { redirect: "manual" }),
  );
  const page = await browser.get(`${baseUrl}/auth/providers/corp/start?return_to=/auth/session`);
  const { user } = page.json() as { user: { id: UserId } };

  const store = await openSqliteStore({ path: file, clock: systemClock, random: systemRandom, log: silentLog });
  await store.transaction(async (tx) => {
    const now = systemClock.now();
    for (const name of ["engineering", "on-call", "tool-users"]) {
      const id = newId<GroupId>(now, systemRandom);
      await tx.groups.insert({ id, name, permissions: {}, share: "true", createdBy: "manual", createdAt: now });
      await tx.groups.addMember({ userId: user.id, groupId: id, origin: "manual", createdAt: now });
    }
    await tx.announcements.append("user", user.id, now);
  });
  await store.close();
  await provider.stop();
  return { latchkey, cookie: browser.cookies.header(`${baseUrl}/auth/session`) ?? "" };
}
