/** Somebody signed in, and a tool server that asks nobody: what the tests of TS-15 and TS-21 begin with. */
import { decodeJwt, exportPKCS8, generateKeyPair, SignJWT } from "jose";
import type { ConfigInput } from "../../src/config/schema.js";
import { type Clock, toDate } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import type { Answer } from "../../src/testing/fake-provider/answers.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import { closeLater } from "./connect-setting.js";
import { startUnattendedServer, type UnattendedServer } from "./unattended-server.js";

export type Entry = Partial<NonNullable<ConfigInput["toolServers"]>[number]>;
export const connection = "tool:notes";
export const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
export const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
export const idJagType = "urn:ietf:params:oauth:token-type:id-jag";

export interface UnattendedWorld {
  readonly world: SharedWorld;
  readonly server: UnattendedServer;
  readonly clock: ManualClock;
  readonly browser: Browser;
  readonly user: string;
  readonly session: string;
  /** Calls the tool server as that person: the status and who it took them for. */
  use(who?: { user?: string; session?: string; path?: string }): Promise<{ status: number; subject?: string }>;
}

export async function anUnattendedWorld(
  entry: (server: UnattendedServer) => Entry,
  options: {
    lifetime?: number;
    services?: ConfigInput["services"];
    vault?: ConfigInput["vault"];
    provider?: object;
  } = {},
): Promise<UnattendedWorld> {
  const clock = createManualClock();
  const server = await startUnattendedServer({ clock, lifetime: options.lifetime ?? 600 });
  const world = await createSharedWorld({
    clock,
    ...(options.provider ? { providerConfig: options.provider } : {}),
    config: {
      roles: { default: "user" },
      ...(options.vault ? { vault: options.vault } : {}),
      ...(options.services ? { services: options.services } : {}),
      toolServers: [{ id: "notes", name: "Notes", url: server.url, ...entry(server) }],
    },
  });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const { body } = await world.session(browser);
  const [user, session] = [body.user?.id ?? "", body.session?.id ?? ""];
  return {
    world,
    server,
    clock,
    browser,
    user,
    session,
    async use(who = {}) {
      const fetch = world.latchkey.toolServers.fetch({
        user: who.user ?? user,
        ...(who.session ? { session: who.session } : {}),
        connection,
      });
      const answer = await fetch(`${server.url}${who.path ?? ""}`, { method: "POST", body: "{}" });
      const said = answer.headers.get("content-type") === "application/json" ? ((await answer.json()) as object) : {};
      return { status: answer.status, ...said };
    },
  };
}

export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (thrown: { code?: unknown }) => thrown.code ?? thrown,
  );

/** A key pair; the private key as PEM too. */
export async function aKey() {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  return { privateKey, publicKey, pem: await exportPKCS8(privateKey) };
}

/** What an identity provider answers to the exchange of an ID token for an ID-JAG; `over` laid over the honest answer. */
export async function exchangesIdTokens(
  { world, server, clock }: Pick<UnattendedWorld, "world" | "server"> & { clock: Clock },
  over: { answer?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
) {
  const { privateKey, publicKey } = await aKey();
  server.keys.assertion = publicKey;
  server.assertionType = "oauth-id-jag+jwt";
  const exchanges: URLSearchParams[] = [];
  const made: string[] = [];
  let count = 0;
  world.provider.script({
    async token(honest, { form }): Promise<Answer> {
      if (form.get("grant_type") !== tokenExchange) return honest();
      exchanges.push(form);
      const subject = decodeJwt(form.get("subject_token") ?? "");
      if ((subject.exp ?? 0) * 1_000 <= clock.now()) return { status: 400, json: { error: "invalid_grant" } };
      const jag = await new SignJWT({
        client_id: "us",
        resource: form.get("resource"),
        jti: `jag-${++count}`,
        sub: subject.sub ?? "",
        iss: world.provider.issuer,
        aud: form.get("audience") ?? "",
        ...over.claims,
      })
        .setProtectedHeader({ alg: "ES256", typ: "oauth-id-jag+jwt" })
        .setIssuedAt(toDate(clock.now()))
        .setExpirationTime(toDate((clock.now() + 300_000) as never))
        .sign(privateKey);
      made.push(jag);
      const json = {
        access_token: jag,
        issued_token_type: idJagType,
        token_type: "N_A",
        expires_in: 300,
        ...over.answer,
      };
      return { json };
    },
  });
  return { exchanges, made };
}
