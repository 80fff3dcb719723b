/**
 * Browsers that sign people in, several at once, one sign-in after the other: the start, the provider's approval, the
 * callback and its redirect. Each sign-in has an empty cookie jar, and counts when a session cookie comes with the
 * redirect. Afterwards the cookies of every browser's last sign-in must be answered with the person.
 */
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { given } from "./ready.js";

export interface Browsing {
  readonly perSecond: number;
  /** Sign-ins. */
  readonly done: number;
  /** How much of its core the measured server used, 0 to 1; null where the system does not tell. */
  readonly busy: number | null;
}

interface Asked {
  /** The measured server: where it listens, what it is, its process. */
  readonly url: string;
  readonly app: "latchkey" | "better-auth";
  readonly pid: number;
  readonly people: number;
  readonly browsers: number;
  /** Whom the first sign-in is of. */
  readonly from: number;
  /** Until then, or until so many have signed in. */
  readonly seconds?: number;
  readonly count?: number;
}

const { url, app, pid, people, browsers, from, seconds = 600, count = Number.POSITIVE_INFINITY } = given<Asked>();
const base = "http://127.0.0.1:3000";
const agent = new Agent({ keepAlive: true });
type Jar = Map<string, string>;

async function send(method: "GET" | "POST", address: string, jar?: Jar, json?: object): Promise<{ status: number; location: string; body: string }> {
  // The app believes itself at `base`, and listens elsewhere.
  const at = address.startsWith(base) ? url + address.slice(base.length) : address;
  const headers = {
    host: new URL(address).host,
    ...(jar && jar.size > 0 ? { cookie: [...jar].map((pair) => pair.join("=")).join("; ") } : {}),
    ...(json ? { "content-type": "application/json", origin: base } : {}),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(at, { method, headers, agent }, resolve).on("error", reject).end(json && JSON.stringify(json));
  });
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  for (const line of answer.headers["set-cookie"] ?? []) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === "" || /max-age=0(;|$)/i.test(line)) jar?.delete(name);
    else jar?.set(name, value);
  }
  return { status: answer.statusCode ?? 0, location: answer.headers.location ?? "", body: Buffer.concat(chunks).toString() };
}

const apps = {
  latchkey: {
    start: async (jar: Jar) => (await send("GET", `${base}/auth/providers/fake/start?return_to=/landed`, jar)).location,
    cookie: "latchkey",
    session: `${base}/auth/session`,
  },
  "better-auth": {
    start: async (jar: Jar) => {
      const answer = await send("POST", `${base}/api/auth/sign-in/social`, jar, { provider: "fake", callbackURL: "/landed", disableRedirect: true });
      return (JSON.parse(answer.body) as { url: string }).url;
    },
    cookie: "better-auth.session_token",
    session: `${base}/api/auth/get-session`,
  },
}[app];

async function signIn(sub: string): Promise<Jar> {
  const jar: Jar = new Map();
  const { location: callback } = await send("GET", `${await apps.start(jar)}&login_hint=${sub}`);
  const landed = await send("GET", callback, jar);
  if (!/^(http:\/\/127\.0\.0\.1:3000)?\/landed$/.test(landed.location) || !jar.has(apps.cookie)) {
    throw new Error(`${app}: ${sub} is not signed in: ${landed.status} ${landed.location} ${landed.body.slice(0, 300)}`);
  }
  return jar;
}

/** Seconds of processor time that a process has used (proc(5): fields 14 and 15, in hundredths). */
const used = (): number | null => {
  if (process.platform !== "linux") return null;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

let begun = 0;
let done = 0;
const before = used();
const start = performance.now();
const last = await Promise.all(
  Array.from({ length: browsers }, async () => {
    let mine: { sub: string; jar: Jar } | undefined;
    while (begun < count && performance.now() - start < seconds * 1_000) {
      const sub = `person-${(from + begun++) % people}`;
      mine = { sub, jar: await signIn(sub) };
      done++;
    }
    return mine;
  }),
);
const elapsed = (performance.now() - start) / 1_000;
const after = used();
for (const one of last) {
  if (!one) continue;
  const { status, body } = await send("GET", apps.session, one.jar);
  if (status !== 200 || !body.includes(`"${one.sub}@example.com"`)) throw new Error(`${app}: the session of ${one.sub}: ${status} ${body.slice(0, 300)}`);
}
const busy = before === null || after === null ? null : (after - before) / elapsed;
process.stdout.write(JSON.stringify({ perSecond: done / elapsed, done, busy } satisfies Browsing));
process.exit(0);
