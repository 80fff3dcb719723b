/** Services in the configuration: what is refused, and why. */
import { expect, test } from "vitest";
import { resolveUnknown } from "./resolve.js";

const strong = "Zm9yIHRlc3RzIG9mIHNlcnZpY2VzIDA4MTU0NzExMDgxNQ";
const least = {
  baseUrl: "http://localhost:3000",
  secrets: ["c29tZSBzZWNyZXQgb2YgNDggYnl0ZXMgZm9yIHRlc3RzIG9ubHkgLi4u"],
  providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "app", clientSecret: "x" }],
};
const problems = (...services: readonly unknown[]) => {
  const resolved = resolveUnknown({ ...least, services });
  return resolved.ok ? [] : resolved.error.map(({ path, kind }) => [path, kind]);
};

test("VA-15 a service needs a name and a secret that nobody can guess, and reaches every connection by default", () => {
  const resolved = resolveUnknown({ ...least, services: [{ id: "chat", secret: strong }] });
  expect(resolved.ok && resolved.value.services).toMatchObject([
    { id: "chat", connections: ["*"], offline: false, audience: null },
  ]);
  expect(problems({})).toEqual([
    ["services.0.id", "missing"],
    ["services.0.secret", "missing"],
  ]);
  expect(problems({ id: "Chat!", secret: "short" })).toEqual([
    ["services.0.id", "invalid"],
    ["services.0.secret", "invalid"],
  ]);
  const again = { id: "chat", secret: strong };
  expect(problems(again, again)).toEqual([["services.1.id", "invalid"]]);
});

test("VA-15 connections are named in full or all of them, and named for a service that is offline", () => {
  const service = { id: "chat", secret: strong };
  expect(problems({ ...service, connections: ["provider:corp", "tool:linear"] })).toEqual([]);
  for (const connection of ["provider:*", "corp", "provider:", "tool:Linear", "provider:corp "])
    expect(problems({ ...service, connections: [connection] })).toEqual([["services.0.connections.0", "invalid"]]);
  expect(problems({ ...service, connections: [] })).toEqual([["services.0.connections", "invalid"]]);
  const offline = { ...service, offline: true };
  expect(problems(offline)).toEqual([["services.0.connections", "invalid"]]);
  expect(problems({ ...offline, connections: ["*", "provider:corp"] })).toEqual([
    ["services.0.connections", "invalid"],
  ]);
  expect(problems({ ...offline, connections: ["provider:corp"] })).toEqual([]);
});
