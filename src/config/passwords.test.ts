import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeProblem } from "./describe-problem.js";
import { effectiveValues } from "./print.js";
import { resolveUnknown } from "./resolve.js";

const least = {
  baseUrl: "https://app.test",
  secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
  providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "latchkey" }],
};
/** What the command line says is wrong, and what `config print` shows. */
function told(part: object): { problems: string; printed: string } {
  const input = { ...least, ...part };
  const resolved = resolveUnknown(input);
  const problems = resolved.ok ? "" : resolved.error.map(describeProblem).join("\n");
  const document = { input, file: null, variables: new Map(), written: new Map(), warnings: [], problems: [] };
  return { problems, printed: JSON.stringify(effectiveValues(document)) };
}

describe("passwords in URLs", () => {
  test.each([
    [
      "a / in it",
      { database: "postgres://app:pa/hunter2+word@db.internal:5432/latchkey" },
      "postgres://***@db.internal",
    ],
    [
      "a / behind digits",
      { database: "postgres://app:1/hunter2@db.internal:5432/latchkey" },
      "postgres://***@db.internal",
    ],
    [
      "an @ and a / in it",
      { database: "postgres://app:p@s/hunter2@db.internal/latchkey" },
      "postgres://***@db.internal",
    ],
    ["a # in it", { database: "postgres://app:pa#hunter2@db.internal/latchkey" }, "postgres://***@db.internal"],
    [
      "a blank and a ? in it",
      { database: "postgres://app:pa ?hunter2@db.internal/latchkey" },
      "postgres://***@db.internal",
    ],
    [
      "it as a parameter",
      { database: "postgres://db.internal/latchkey?user=app&password=hunter2#2&x=hunter2" },
      "password=***",
    ],
    [
      "words instead of a URL",
      { database: "host=db.internal dbname=latchkey password='hun hunter2'" },
      "host=db.internal",
    ],
    ["no host behind it", { database: "postgres://app:hunter2/latchkey" }, "postgres://app:***"],
    ["one slash too few", { database: "postgres:/app:hunter2@db.internal/latchkey" }, "***@db.internal"],
    ["Redis", { bus: "redis://:pa/hunter2@redis" }, "redis://***@redis"],
    ["Redis behind digits", { bus: "redis://app:1/hunter2@redis" }, "redis://***@redis"],
    ["Redis with a ?", { bus: "redis://app:p@1?hunter2@redis" }, "redis://***@redis"],
    ["Redis without a host", { bus: "redis://:hunter2" }, "redis://:***"],
    ["a proxy", { egress: { proxy: "http://user:pa/hunter2@proxy:3128" } }, "http://***@proxy:3128"],
    ["a proxy behind digits", { egress: { proxy: "http://user:80/hunter2@proxy:3128" } }, "http://***@proxy:3128"],
    ["a proxy without http://", { egress: { proxy: "user:pa//hunter2@proxy:3128" } }, "***@proxy:3128"],
    ["an address of our own", { baseUrl: "https://user:pa/hunter2@app.test" }, "https://***@app.test"],
  ])("SU-1 SU-2 VA-5 no password is told with %s", (_what, part, rest) => {
    const { problems, printed } = told(part);
    expect(problems).not.toBe("");
    for (const text of [problems, printed]) {
      expect(text).toContain(rest);
      expect(text).not.toContain("hunter2");
    }
  });

  test.each([
    { database: "postgres://app:pa/ss@db/latchkey" },
    { bus: "redis://:pa?ss@redis" },
    { egress: { proxy: "http://user:pa#ss@proxy:3128" } },
  ])("SU-1 a password that cuts its URL short is told how to be written: %j", (part) => {
    expect(told(part).problems).toContain("must be percent-encoded, as %2F %3F %23, and an @ elsewhere as %40");
  });

  test.each([
    { database: "postgres://app:pa%2Fss%40%3F%23@db.internal:5432/latchkey?sslmode=require" },
    { database: "postgres:///latchkey?host=/run/postgresql" },
    { database: "sqlite:/data/app@host/latchkey.db" },
    { bus: "rediss://:pa%2Fss@redis:6379/0" },
    { egress: { proxy: "http://user:pa%2Fss@proxy:3128" } },
  ])("SU-1 a percent-encoded one is accepted: %j", (part) => {
    expect(told(part).problems).toBe("");
  });

  test("SU-2 VA-5 a key in a tool server's URL is masked, and an @ in its path is shown", () => {
    const { problems, printed } = told({
      toolServers: [
        { id: "one", url: "https://tools.example.test/@scope/files?profile=x&api_key=hunter2" },
        { id: "two", url: "https://tools.example.test/@scope/files" },
      ],
      database: "sqlite:/data/app@host/latchkey.db",
      bus: "redis://redis:6379",
      egress: { proxy: "http://[fd00::1]:3128" },
    });
    expect(problems).toBe("");
    expect(printed).not.toContain("hunter2");
    for (const shown of [
      "https://tools.example.test/@scope/files?profile=x&api_key=***",
      '"https://tools.example.test/@scope/files"',
      "sqlite:/data/app@host/latchkey.db",
      "redis://redis:6379",
      "http://[fd00::1]:3128",
    ])
      expect(printed).toContain(shown);
  });

  test("VA-5 no password before an @ is told, whatever it is made of", () => {
    const character = fc.oneof(fc.constantFrom(..."/?#@:[]%\\ .1&="), fc.string({ unit: "grapheme", maxLength: 1 }));
    const anything = fc.array(character, { maxLength: 8 }).map((parts) => parts.join(""));
    const key = fc.constantFrom(
      (url: string) => ({ database: `postgres://${url}/latchkey` }),
      (url: string) => ({ bus: `redis://${url}` }),
      (url: string) => ({ egress: { proxy: `http://${url}` } }),
    );
    fc.assert(
      fc.property(key, anything, anything, (under, before, after) => {
        const { problems, printed } = told(under(`app:${before}hunter2${after}@host.internal:1234`));
        expect(problems + printed).not.toContain("hunter2");
      }),
      { numRuns: 500 },
    );
  });
});
