/** A folder with a configuration, a fake provider, and the doctor over both. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { type DiagnosticsPorts, diagnose } from "../../src/diagnostics.js";
import type { Finding } from "../../src/doctor/finding.js";
import { silentLog } from "../../src/kernel/log.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "../../src/testing/fake-provider.js";

export const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-doctor-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function aProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const provider = await startFakeProvider(options);
  closing.push(() => provider.stop());
  return provider;
}

export interface Setting {
  readonly folder: string;
  readonly provider: FakeProvider;
  /** What a good installation would have; change it to break it. */
  readonly config: Record<string, unknown>;
  readonly providerConfig: Record<string, unknown>;
  /** The findings by id, and the process's exit status as the command would give it. */
  examine(how?: {
    readonly ports?: Partial<DiagnosticsPorts>;
    readonly fileSystem?: string;
    readonly env?: Record<string, string>;
  }): Promise<{ readonly all: readonly Finding[]; of(id: string): Finding }>;
}

export async function aSetting(options: FakeProviderOptions = {}): Promise<Setting> {
  const folder = await aFolder();
  const provider = await aProvider(options);
  const { clientId, clientSecret } = provider.client;
  const providerConfig: Record<string, unknown> = { id: "fake", issuer: provider.issuer, clientId, clientSecret };
  const config: Record<string, unknown> = {
    baseUrl: "http://localhost:3999",
    server: { port: 3999 },
    secrets: [strong],
    database: `sqlite:${join(folder, "latchkey.db")}`,
    egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] },
    providers: [providerConfig],
  };
  return {
    folder,
    provider,
    config,
    providerConfig,
    async examine({ ports = {}, fileSystem, env = {} } = {}) {
      const file = join(folder, "latchkey.json");
      await writeFile(file, JSON.stringify(config));
      const load = () => loadConfig({ file, cwd: folder, env });
      const all = await diagnose(load, async () => fileSystem, { log: silentLog, ...ports });
      return {
        all,
        of(id) {
          const found = all.find((finding) => finding.id === id);
          if (!found) throw new Error(`no finding ${id} among ${all.map((finding) => finding.id).join(", ")}`);
          return found;
        },
      };
    },
  };
}
