/** QU-20: one column of the matrix, by the command that makes it, at the server that is here in any case. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { describeWithChromium } from "../services.js";

vi.setConfig({ testTimeout: 300_000 });

interface Cell {
  readonly server: string;
  readonly version: string;
  readonly feature: string;
  readonly result: string;
  readonly evidence: string;
}

describeWithChromium("npm run interop", () => {
  test("QU-20 LO-5 LO-7 TS-13 TS-14 signs in, refreshes, signs out, changes keys and connects a tool server at a server that nobody here wrote, and says what it cannot do", async () => {
    const run = promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "interop/run.ts", "--only", "oidc-provider", "--json"],
      { cwd: join(import.meta.dirname, "../..") },
    );
    const cells = JSON.parse((await run).stdout) as Cell[];
    expect(cells.map(({ feature, result }) => [feature, result])).toEqual([
      ["sign-in", "pass"],
      ["refresh", "pass"],
      ["rp-initiated-logout", "pass"],
      ["back-channel-logout", "pass"],
      ["front-channel-logout", "unsupported"],
      ["key-rotation", "pass"],
      ["connect", "pass"],
      ["renewal", "pass"],
      ["step-up", "pass"],
      ["revocation", "pass"],
    ]);
    for (const { server, version, evidence } of cells) {
      expect(server).toBe("oidc-provider");
      expect(version).toMatch(/^9\./);
      expect(evidence).not.toBe("");
    }
    expect(cells[4]?.evidence).toContain("frontchannel_logout_supported");
  });
});
