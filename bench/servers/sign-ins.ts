/**
 * QU-12: the callback, from its arrival to the redirect leaving, the provider's time taken out. The provider runs in
 * this process, so its time is measured where it is spent: in the requests that go out through egress.
 */
import { createWorld } from "../../dist/testing/index.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { given } from "./ready.js";

/** `groups`: how many the claim names; `again`: the same people with the same groups, a second time. */
const { count, warm, groups = 0, again = false } = given<{ count: number; warm: number; groups?: number; again?: boolean }>();
const file = join(mkdtempSync(join(tmpdir(), "latchkey-bench-")), "latchkey.db");
const world = await createWorld({ config: { database: `sqlite:${file}`, log: { level: "info" }, groups: { fromClaims: groups > 0, create: true } } });
const claims = groups > 0 ? { groups: Array.from({ length: groups }, (_, index) => `a group of the company, number ${index}`) } : {};
const times: number[] = [];
const people = warm + count;
for (let i = 0; i < (again ? 2 * people : people); i++) {
  const sub = `person-${i % people}`;
  world.provider.people.set(sub, { sub, email: `${sub}@example.com`, name: `Person ${i % people}`, claims });
  const browser = world.browser();
  const callback = await world.approve(browser, sub);
  const outbound = () => world.log.lines.filter((line) => line.message === "outbound request");
  const before = outbound().length;
  const cookie = browser.cookies.header(callback) ?? "";
  const start = performance.now();
  const answer = await world.latchkey.fetch(new Request(callback, { headers: { cookie } }));
  const total = performance.now() - start;
  if (answer.status !== 303 || !answer.headers.get("location")?.endsWith("/account")) throw new Error(`sign-in ${i}: ${answer.headers.get("location")}`);
  const provider = outbound().slice(before).reduce((sum, line) => sum + Number(line.fields["duration"]), 0);
  if (i >= (again ? people : warm)) times.push(total - provider);
}
await world.close();
process.stdout.write(`${JSON.stringify({ times })}\n`);
process.exit(0);
