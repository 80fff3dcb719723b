/** LO-11 with a second implementation in another language: Debian's python3-jwt, over HTTP, as an app behind us. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { type Serving, serve } from "../../src/server/serve.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { describeWith, pythonJwt } from "../services.js";

const script = fileURLToPath(new URL("verify.py", import.meta.url));
const audience = "https://chat.example.com";
const issuer = "http://localhost:3000/auth";

let world: World;
let serving: Serving;
afterEach(async () => {
  await serving.stop(milliseconds(0));
  await world.close();
});

async function anAssertion(alg: "EdDSA" | "ES256"): Promise<string> {
  world = await createWorld({ config: { assertions: { alg } } });
  const handler = world.latchkey.fetch;
  serving = await serve({ handler, host: "127.0.0.1", port: 0, clock: systemClock, log: silentLog });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const cookie = ann.cookies.header(world.url("/session")) ?? "";
  const request = new Request(world.url("/session"), { headers: { cookie } });
  return (await world.latchkey.sessions.assertion(request, { audience }))?.assertion ?? "";
}

async function checkedByPython(assertion: string, aud = audience) {
  const program = spawn("/usr/bin/python3", [script, `${serving.url}/auth/jwks.json`, issuer, aud]);
  let out = "";
  program.stdout.on("data", (text) => {
    out += String(text);
  });
  program.stderr.pipe(process.stderr);
  program.stdin.end(assertion);
  const [code] = await once(program, "close");
  return { code, out: out.trim() };
}

describeWith("python3-jwt", pythonJwt(), "checked by PyJWT", () => {
  describe.each(["EdDSA", "ES256"] as const)("%s", (alg) => {
    test("LO-11 an app in Python learns who is signed in, by the key set's URL alone", async () => {
      const { code, out } = await checkedByPython(await anAssertion(alg));
      expect([code, out.startsWith("{") ? JSON.parse(out) : out]).toEqual([
        0,
        expect.objectContaining({ iss: issuer, aud: audience, email: "ann@example.com", role: "admin", groups: [] }),
      ]);
    });

    test("LO-11 it refuses one for another app, one that was changed, and one with a key of somebody else's", async () => {
      const assertion = await anAssertion(alg);
      expect(await checkedByPython(assertion, "https://mail.example.com")).toEqual({
        code: 1,
        out: "InvalidAudienceError",
      });
      const [head, payload, signature = ""] = assertion.split(".");
      const changed = `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
      expect(await checkedByPython(changed)).toEqual({ code: 1, out: "InvalidSignatureError" });
      const foreign = Buffer.from(JSON.stringify({ alg, typ: "latchkey-assertion+jwt", kid: "foreign" }));
      const other = `${foreign.toString("base64url")}.${payload}.${signature}`;
      expect(await checkedByPython(other)).toEqual({ code: 1, out: "PyJWKClientError" });
    });
  });
});
