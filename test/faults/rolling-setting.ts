/**
 * Three nodes as `latchkey serve` runs them, behind Debian's nginx, on one Postgres and with or without a Redis; and people
 * who keep asking while nodes are taken away one by one (QU-17).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { freePort } from "../support/free-port.js";
import { programFile } from "../support/program.js";

const main = programFile("src/cli/main.ts");
const service = { id: "chat", secret: "a secret of the service in this test: kX9f2LqP0" };

const basic = `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString("base64")}`;

export interface Visitor {
  readonly cookie: string;
  readonly value: string;
}

/** What those who asked were told. A request counts once, however often it was tried. */
export interface Heard {
  requests: number;
  /** Answered at the second try. */
  retried: number;
  /** Not answered at the second try either, and how. */
  readonly failed: string[];
  /** A person who had not signed out was told that they had. */
  readonly lost: string[];
}

export interface RollingSetting {
  readonly provider: FakeProvider;
  readonly visitors: readonly Visitor[];
  readonly refreshes: () => number;
  /** Ends a node as a service manager would, waits for its end, and starts it again. */
  restart(node: number): Promise<void>;
  readonly nodes: number;
  /** Everybody asks, again and again, until `stop` is called. */
  load(): { stop(): Promise<Heard> };
  /** The status of somebody's session at one node, past the proxy. */
  statusAt(node: number, visitor: Visitor): Promise<number>;
  signOut(visitor: Visitor): Promise<void>;
  close(): Promise<void>;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/**
 * Without `max_fails=0` nginx leaves a node that refused one connection alone for ten seconds: nodes that come back
 * within that would all be left alone at last, and everybody be told 502.
 */
const configOfNginx = (folder: string, port: number, nodes: readonly number[]): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 512; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  upstream latchkey {
    ${nodes.map((node) => `server 127.0.0.1:${node} max_fails=0;`).join(" ")}
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://latchkey;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;

async function ready(child: ChildProcess, what: string): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes('"event":"ready"')) resolve();
    });
    child.stderr?.on("data", (chunk) => {
      text += String(chunk);
    });
    child.once("exit", (code) => reject(new Error(`${what} ended with ${code}: ${text.slice(-2_000)}`)));
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, "exit");
  child.kill(signal);
  await end;
}

interface RollingOn {
  readonly nginx: string;
  readonly postgres: string;
  readonly redis: string | undefined;
}

/** Takes away what was made so far when the rest cannot be made. */
export async function aRollingSetting(on: RollingOn): Promise<RollingSetting> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await make(on, (closer) => void closers.push(closer))), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function make(
  on: RollingOn,
  closeLater: (closer: () => Promise<unknown>) => void,
): Promise<Omit<RollingSetting, "close">> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-rolling-"));
  closeLater(() => rm(folder, { recursive: true, force: true }));
  const database = await createTestDatabase(on.postgres);
  closeLater(() => database.drop());
  const people = Array.from({ length: 6 }, (_, number) => `person-${number}`);
  const provider = await startFakeProvider({
    // Several refreshes in the time that the restarts take.
    accessTokenLifetime: 10,
    people: people.map((sub) => ({ sub, email: `${sub}@example.com`, name: sub })),
  });
  closeLater(() => provider.stop());
  const [front = 0, ...ports] = await freePorts(4);
  const origin = `http://127.0.0.1:${front}`;
  const file = join(folder, "latchkey.json");
  const config = {
    baseUrl: origin,
    secrets: [randomBytes(32).toString("base64")],
    database: database.url,
    busPrefix: `rolling_${randomBytes(4).toString("hex")}`,
    ...(on.redis === undefined ? {} : { bus: on.redis }),
    rateLimits: "off",
    log: { level: "warn" },
    server: { trustedProxies: ["127.0.0.1"] },
    signIn: { signUp: true },
    roles: { default: "user" },
    egress: { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] },
    services: [service],
    providers: [
      {
        id: "fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
        scopes: ["openid", "email", "profile", "offline_access"],
      },
    ],
  };
  await writeFile(file, JSON.stringify(config));
  await writeFile(join(folder, "nginx.conf"), configOfNginx(folder, front, ports));

  const start = async (port: number): Promise<ChildProcess> => {
    const command = [main, "serve", "--config", file, "--port", String(port), "--json"];
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
    closeLater(() => ended(child, "SIGKILL"));
    await ready(child, `node on ${port}`);
    return child;
  };
  const nodes = await Promise.all(ports.map(start));
  const proxy = spawn(on.nginx, ["-c", join(folder, "nginx.conf"), "-p", folder], { stdio: "ignore" });
  closeLater(() => ended(proxy, "SIGTERM"));
  for (let tries = 0; !(await fetch(`${origin}/auth/session`).catch(() => undefined)); tries++) {
    if (tries === 100) throw new Error("nginx does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const visitors: Visitor[] = [];
  for (const sub of people) {
    const browser = createBrowser(loopbackFetch);
    provider.signInAs(sub);
    await browser.get(`${origin}/auth/providers/fake/start`);
    const cookie = browser.cookies.header(`${origin}/auth/session`) ?? "";
    visitors.push({ cookie, value: /latchkey=([\w-]{43})/.exec(cookie)?.[1] ?? "" });
  }

  const session = ({ cookie }: Visitor) => fetch(`${origin}/auth/session`, { headers: { cookie } });
  const exchange = ({ value }: Visitor) =>
    fetch(`${origin}/auth/token`, {
      method: "POST",
      headers: { authorization: basic },
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: value,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        audience: "provider:fake",
      }),
    });

  /** The status, or the failure of the connection. */
  async function asked(ask: () => Promise<Response>): Promise<{ status: number; text: string }> {
    try {
      const answer = await ask();
      return { status: answer.status, text: (await answer.text()).slice(0, 200) };
    } catch (thrown) {
      return { status: 0, text: String((thrown as { cause?: unknown }).cause ?? thrown) };
    }
  }

  return {
    provider,
    visitors,
    nodes: ports.length,
    refreshes: () =>
      provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length,
    async restart(node) {
      const child = nodes[node];
      if (child) await ended(child, "SIGTERM");
      nodes[node] = await start(ports[node] ?? 0);
    },
    load() {
      const heard: Heard = { requests: 0, retried: 0, failed: [], lost: [] };
      let stopped = false;
      const keepAsking = async (visitor: Visitor) => {
        for (let round = 0; !stopped; round++) {
          const ask = () => (round % 5 === 4 ? exchange(visitor) : session(visitor));
          let answer = await asked(ask);
          heard.requests++;
          if (answer.status === 0 || answer.status >= 500) {
            answer = await asked(ask);
            if (answer.status === 200) heard.retried++;
          }
          if (answer.status === 401 || answer.text.includes("session.invalid")) heard.lost.push(answer.text);
          else if (answer.status !== 200) heard.failed.push(`${answer.status} ${answer.text}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const asking = visitors.map(keepAsking);
      return {
        async stop() {
          stopped = true;
          await Promise.all(asking);
          return heard;
        },
      };
    },
    statusAt: async (node, { cookie }) =>
      (await asked(() => fetch(`http://127.0.0.1:${ports[node]}/auth/session`, { headers: { cookie } }))).status,
    async signOut({ value }) {
      const headers = { authorization: basic };
      const answer = await fetch(`${origin}/auth/revoke`, {
        method: "POST",
        headers,
        body: new URLSearchParams({ token: value }),
      });
      if (!answer.ok) throw new Error(`sign-out: ${answer.status} ${await answer.text()}`);
    },
  };
}
