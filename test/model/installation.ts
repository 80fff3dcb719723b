/**
 * One installation under the model's eyes: the real server over HTTP on loopback, a database of its own, two providers, and the
 * same rules in the model. Everything that happens, happens to both; then the rows are compared.
 */
import { randomBytes } from "node:crypto";
import type fc from "fast-check";
import { type Administration, openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { isLatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { type Handler, serve } from "../../src/server/serve.js";
import type { FakeProvider } from "../../src/testing/fake-provider.js";
import { AccountsModel, type Json, type ProviderRules, type Said } from "./accounts-model.js";
import type { installation, person, step } from "./generate.js";
import { createModelDatabase, type ModelRows } from "./model-database.js";

type Generated<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
export type SignIn = Generated<typeof person>;
type Step = Generated<typeof step>;

const ids = ["corp", "partner"] as const;

export interface Installation {
  /** One after the other, compared after each. */
  oneByOne(steps: readonly Step[]): Promise<void>;
  /** All callbacks at once; the model follows in the order in which they were committed. */
  atOnce(people: readonly SignIn[]): Promise<void>;
  /** How often each outcome was seen. */
  readonly outcomes: Map<string, number>;
  close(): Promise<void>;
}

export async function openInstallation(
  rules: Generated<typeof installation>,
  idps: readonly [FakeProvider, FakeProvider],
  postgres?: string,
): Promise<Installation> {
  const database = await createModelDatabase(postgres);
  let handler: Handler = async () => new Response(null, { status: 503 });
  const serving = await serve({
    handler: (request, peer) => handler(request, peer),
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log: silentLog,
  });
  const providers: ProviderRules[] = rules.providers.map((one, index) => ({
    ...one,
    id: ids[index] ?? "",
    issuer: idps[index]?.issuer ?? "",
  }));
  const order = ["pending", "user", "auditor", "admin"];
  const config: ConfigInput = {
    baseUrl: serving.url,
    secrets: [randomBytes(32).toString("base64")],
    database: database.url,
    rateLimits: "off",
    egress: { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] },
    // Pictures are no part of the model.
    signIn: { ...rules.signIn, claims: { picture: null } },
    roles: { order, healLoneUser: rules.healLoneUser },
    limits: { groupsPerClaim: rules.groupsPerClaim },
    providers: providers.map(({ id, issuer, roles, groups, claims, emailVerified }, index) => ({
      id,
      issuer,
      roles,
      groups,
      claims,
      emailVerified,
      clientId: idps[index]?.client.clientId ?? "",
      clientSecret: idps[index]?.client.clientSecret ?? null,
    })),
  };
  const latchkey = await createLatchkey({ ...config, ports: { log: silentLog } });
  handler = (request, peer) => latchkey.fetch(request, peer);
  const resolved = resolveConfig(config);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  const operator: Administration = await openAdministration(resolved.value, { log: silentLog });
  const rows = await database.open();
  const model = new AccountsModel({ ...rules.signIn, order, ...rules });
  const outcomes = new Map<string, number>();

  /** Up to the provider's answer. */
  async function approve(one: SignIn) {
    const idp = idps[one.provider] ?? idps[0];
    const rule = providers[one.provider];
    if (!rule) throw new Error("no such provider");
    const said = saidBy(one, rule);
    const sub = `p${one.who}`;
    idp.people.set(sub, { sub, claims: { said } });
    const start = await fetch(`${serving.url}/auth/providers/${rule.id}/start`, { redirect: "manual" });
    const authorization = new URL(start.headers.get("location") ?? "");
    authorization.searchParams.set("login_hint", sub);
    const answer = await fetch(authorization, { redirect: "manual" });
    const cookie = start.headers.getSetCookie().map((each) => each.split(";")[0]);
    return { callback: answer.headers.get("location") ?? "", cookie: cookie.join("; "), rule, said };
  }
  type Approved = Awaited<ReturnType<typeof approve>>;

  async function comeBack({ callback, cookie, ...approved }: Approved) {
    const answer = await fetch(callback, { redirect: "manual", headers: { cookie } });
    const location = new URL(answer.headers.get("location") ?? "", serving.url);
    const code = location.searchParams.get("error") ?? (answer.status === 303 ? "ok" : `status ${answer.status}`);
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    const outcome = code === "signin.provider_unavailable" ? "provider failed" : code;
    return { ...approved, outcome, requestId: answer.headers.get("x-request-id") ?? "" };
  }

  async function compare(what: unknown): Promise<void> {
    const [expected, found] = [ofModel(model), await ofRows(rows)];
    if (JSON.stringify(expected) === JSON.stringify(found)) return;
    const about = JSON.stringify({ rules, what, expected, found }, null, 1);
    throw new Error(`the rows are not what the model says: ${about}`);
  }
  function agree(expected: string, found: string, what: unknown): void {
    if (expected === found) return;
    const about = JSON.stringify({ rules, what, users: ofModel(model) }, null, 1);
    throw new Error(`the model says ${expected}, the server ${found}: ${about}`);
  }

  async function operate(act: Exclude<Step, SignIn>): Promise<void> {
    const email = `p${act.who}@example.com`;
    const known = model.byEmail(email);
    if (act.kind === "add") {
      if (known) return;
      await operator.addUser({ email, role: act.role });
      model.addUser(email, act.role);
      return;
    }
    if (!known) return;
    if (act.kind === "join") {
      await rows.all(
        "insert into groups values (?, ?, '{}', 'true', 'manual', 1) on conflict do nothing",
        act.group,
        act.group,
      );
      await rows.all(
        `insert into memberships (user_id, group_id, origin, created_at)
         select users.id, groups.id, 'manual', 1 from users, groups where users.email = ? and groups.name = ?
         on conflict do nothing`,
        email,
        act.group,
      );
      model.joinByHand(known, act.group);
      return;
    }
    const may = act.kind === "disable" ? model.disable(known) : model.setRole(known, act.role);
    const doing = act.kind === "disable" ? operator.setDisabled(email, true) : operator.setRole(email, act.role);
    const done = await doing.then(
      () => true,
      (error: unknown) => {
        if (isLatchkeyError(error, "account.last_admin")) return false;
        throw error;
      },
    );
    if (done !== may && !(act.kind === "disable" && known.disabled))
      throw new Error(`${act.kind} of ${email}: ${done}`);
  }

  return {
    outcomes,
    async oneByOne(steps) {
      for (const one of steps) {
        if (one.kind === "sign-in") {
          const { rule, said, outcome } = await comeBack(await approve(one));
          agree(model.signIn(rule, said), outcome, one);
        } else await operate(one);
        await compare(one);
      }
    },
    async atOnce(people) {
      const approved: Approved[] = [];
      for (const one of people) approved.push(await approve(one));
      const found = await Promise.all(approved.map(comeBack));
      const order = await rows.decided();
      const at = new Map(order.map((id, index) => [id, index]));
      // Whoever could not be read left no event, and changed nothing: when is all the same.
      const place = ({ requestId }: { requestId: string }) => at.get(requestId) ?? order.length;
      for (const one of found.sort((a, b) => place(a) - place(b))) {
        if (one.outcome === "ok" && !at.has(one.requestId)) throw new Error("a sign-in without an audit event");
        agree(model.signIn(one.rule, one.said), one.outcome, one.said);
      }
      await compare(people);
    },
    async close() {
      await operator.close();
      await rows.close();
      await serving.stop(seconds(0));
      await latchkey.close();
      await database.drop();
    },
  };
}

/** What the two documents say; what is undefined is not there. */
function saidBy(one: SignIn, { claims }: ProviderRules): Said {
  const sub = `p${one.who}`;
  const own: Record<string, Json> = {
    own: `${sub}@example.com`,
    OWN: ` ${sub.toUpperCase()}@Example.com`,
    folded: `ｐ${one.who}@example.com`,
  };
  const email = typeof one.email === "string" ? (own[one.email] ?? one.email) : one.email;
  const name = one.name === "Person" ? `Person ${one.who}` : one.name;
  const about = { sub, email, email_verified: one.verified, name };
  const there = (place: string, document: string) => place === document || place === "both";
  const claim = (path: string, value: Json | undefined): Record<string, Json> => {
    if (value === undefined) return {};
    return path === "realm.roles" ? { realm: { roles: value } } : { [path]: value };
  };
  const some = (document: string) => ({
    ...(there(one.rolesAt, document) ? claim(claims.roles, one.roles) : {}),
    ...(there(one.groupsAt, document) ? claim(claims.groups, one.groups) : {}),
  });
  const elsewhere =
    one.elsewhere === "nothing"
      ? {}
      : one.elsewhere === "hasgroups"
        ? { hasgroups: true }
        : { _claim_names: { [one.elsewhere === "roles" ? claims.roles : claims.groups]: "src1" } };
  const documents = {
    idToken: { ...about, ...some("token"), ...elsewhere },
    userinfo: one.userinfoFails ? ("failed" as const) : { ...about, ...some("userinfo") },
  };
  return JSON.parse(JSON.stringify(documents)) as Said;
}

/** Of each provider; which sessions go where there are too many is no part of the model. */
const upToTen = (sessions: readonly string[]) =>
  ids.flatMap((id) => sessions.filter((provider) => provider === id).slice(0, 10));

const sorted = (all: readonly string[]) => [...all].sort();

function ofModel(model: AccountsModel) {
  const users = model.users.map((user) => ({
    email: user.email,
    name: user.name,
    role: user.role,
    flags: [user.emailVerified, user.disabled, user.claimed].join(),
    identities: sorted(user.identities.map((one) => `${one.subject} of ${one.issuer}`)),
    groups: sorted(user.memberships.map((one) => `${one.group} from ${one.origin}`)),
    sessions: upToTen(user.sessions),
  }));
  return whole(users, [...model.groups]);
}

const whole = <User extends { email: string }>(
  users: readonly User[],
  groups: readonly (readonly [string, string])[],
) => ({
  users: [...users].sort((a, b) => (a.email < b.email ? -1 : 1)),
  groups: sorted(groups.map(([name, by]) => `${name} by ${by}`)),
});

interface UserRow {
  id: string;
  email: string;
  name: string;
  role: string;
  email_verified: number;
  disabled_at: number | null;
  claimed_at: number | null;
}

async function ofRows(rows: ModelRows) {
  const many = async (sql: string, ...parameters: unknown[]) =>
    (await rows.all<{ value: string }>(sql, ...parameters)).map(({ value }) => value);
  const users = [];
  for (const user of await rows.all<UserRow>("select * from users")) {
    const identities = await many(
      "select subject || ' of ' || issuer as value from identities where user_id = ? order by id",
      user.id,
    );
    // How a made-up address looks is the product's business; whose it is, is not.
    const madeUp = (text: string) => (text.endsWith("@identity.invalid") ? `made up for ${identities[0]}` : text);
    const groups = await many(
      `select g.name || ' from ' || m.origin as value
       from memberships m join groups g on g.id = m.group_id where m.user_id = ?`,
      user.id,
    );
    users.push({
      email: madeUp(user.email),
      name: madeUp(user.name),
      role: user.role,
      flags: [user.email_verified === 1, user.disabled_at !== null, user.claimed_at !== null].join(),
      identities: sorted(identities),
      groups: sorted(groups),
      sessions: upToTen(await many("select provider as value from sessions where user_id = ?", user.id)),
    });
  }
  const groups = await rows.all<{ name: string; created_by: string }>("select name, created_by from groups");
  return whole(
    users,
    groups.map(({ name, created_by }) => [name, created_by] as const),
  );
}
