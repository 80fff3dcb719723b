/**
 * One attempt under a lease: asks the token endpoint, once more where nobody can know what became of the first request,
 * and writes what came of it. Until the write nobody but this function has the new tokens.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { asLatchkeyError, isLatchkeyError } from "../kernel/errors.js";
import type { RefreshMetricOutcome } from "../kernel/metrics.js";
import { type Duration, type Instant, milliseconds, seconds } from "../kernel/time.js";
import type { NormalisedTokenAnswer } from "../oauth/token-answer.js";
import { type RefreshAnswer, refreshTokens } from "../oauth/token-request.js";
import type { IdTokenClaims } from "../oauth/types.js";
import type { GrantRecord } from "../store/records.js";
import type { Lease } from "./lease.js";
import { type LateTokens, mustRevokeLate } from "./policy/late-tokens.js";
import { mergeTokens } from "./policy/merge.js";
import {
  ambiguousRefresh,
  outcomeAfterAmbiguity,
  outcomeOf,
  outcomeOfObtaining,
  type RefreshOutcome,
} from "./policy/outcome.js";
import type { GrantClient, PersonTokens, VaultPorts } from "./ports.js";
import type { GrantSecrets, OpenedGrant } from "./sealed-grant.js";
import { codeOfFailure, type Written, writeEnd, writeFailure, writeTokens } from "./write-outcome.js";

/** VA-9: long enough for a connection that broke to be gone, short enough for a server's grace period. */
const beforeSecondTry = seconds(1);

export type RefreshEnd =
  /** The row has changed, or is good as it is: look again, or take what it was seen to hold. */
  | { readonly kind: "look"; readonly current?: OpenedGrant | undefined }
  /** There is no new token now; one that is still valid may be served. */
  | {
      readonly kind: "held";
      readonly code: ErrorCode;
      readonly retryAfter: Duration | null;
      readonly reason: string;
      /** Of the request that was made just now, with what the server said in `Retry-After`; null: none was made. */
      readonly asked: { readonly retryAfter: Duration | null } | null;
    };

interface Attempted {
  readonly end: RefreshEnd;
  readonly outcome: RefreshMetricOutcome;
}
/** What is known about an attempt before it is made. */
export interface AttemptFacts {
  /** What became of an earlier one is not known (VA-10). */
  readonly unknownBefore: boolean;
  /** Somebody waits for the token, who will use it. */
  readonly used: boolean;
  /** What this person has at providers, for a connection that needs nobody to connect it. */
  readonly person: PersonTokens;
}

type Decided = Exclude<RefreshOutcome, { kind: "ambiguous" }>;

export async function attemptRefresh(
  ports: VaultPorts,
  lease: Lease,
  secrets: GrantSecrets,
  { unknownBefore, used, person }: AttemptFacts,
): Promise<Attempted> {
  const { row } = lease;
  ports.faults.point(9);
  const client = await resolve(ports, row);
  if (client.kind === "over") return ended(client.reason);
  if (client.kind === "unresolved") return failed(client.outcome, null);
  const target = client.client;
  if (target.client.clientId !== row.clientId) {
    // Another client now: the refresh token is not its, and asking with it would only end the grant. A person who signs
    // in again has a grant of the new one.
    return failed({ kind: "configuration_fault", reason: "client_changed" }, await fingerprint(ports, target, person));
  }
  const askedAt = ports.clock.now();
  const outcome = target.obtain
    ? await obtain(ports, target.obtain, person, row)
    : await ask(ports, target, secrets, row);
  ports.faults.point(10);
  if (outcome.kind === "ended") return ended(endReason(outcome.reason, unknownBefore));
  if (outcome.kind === "client_fault") await target.onClientFault?.();
  if (outcome.kind !== "refreshed") return failed(outcome, await fingerprint(ports, target, person));
  return refreshed(target, outcome.tokens, askedAt);

  async function refreshed(server: GrantClient, tokens: NormalisedTokenAnswer, asked: Instant): Promise<Attempted> {
    const key = server.boundBy?.key;
    const read = await readIdToken(ports, server, tokens, secrets);
    if (read.kind === "another") {
      const received = {
        ...secrets,
        ...mergeTokens({ secrets, scopes: row.scopes }, tokens, null, asked, key).secrets,
      };
      return ended(`id_token_other_${read.reason}`, received);
    }
    const idToken = read.kind === "same" ? tokens.idToken : null;
    const merged = mergeTokens({ secrets, scopes: row.scopes }, tokens, idToken, asked, key);
    const written = await writeTokens(ports, lease, merged, used);
    if (written.kind === "written")
      tell(written.row, merged.secrets.accessToken, read.kind === "same" ? read.claims : null);
    if (written.kind === "gone" && mustRevokeLate(await whatWent(ports, row, server))) await revoke(merged.secrets);
    if (written.kind !== "written") return { end: { kind: "look" }, outcome: "overtaken" };
    return { end: { kind: "look", current: { grant: written.row, secrets: merged.secrets } }, outcome: "refreshed" };
  }

  function tell(grant: GrantRecord, accessToken: string, claims: IdTokenClaims | null): void {
    ports.onRefreshed({ grant, accessToken, claims }).catch((thrown: unknown) => {
      ports.log.error(
        { grant: grant.id, err: asLatchkeyError(thrown) },
        "what follows a refresh failed; the token is good",
      );
    });
  }

  async function ended(reason: string, received?: GrantSecrets): Promise<Attempted> {
    const written = await writeEnd(ports, row, reason);
    if (received) await revoke(received);
    if (written.kind === "written") {
      ports.log.warn(
        { grant: row.id, connection: row.connection, reason },
        "a grant ended: the person has to connect again",
      );
    }
    return { end: { kind: "look" }, outcome: written.kind === "written" ? "ended" : "overtaken" };
  }

  async function failed(
    failure: Exclude<Decided, { kind: "refreshed" | "ended" }>,
    print: string | null,
  ): Promise<Attempted> {
    const written = await writeFailure(ports, row, failure, { unknownBefore, fingerprint: print });
    const fields = { grant: row.id, connection: row.connection, kind: failure.kind, reason: failure.reason };
    if (failure.kind === "transient") ports.log.warn(fields, "a refresh failed and will be tried again");
    else if (failure.kind === "sign_in_needed") ports.log.info(fields, "a token waits for its person to sign in again");
    else ports.log.error(fields, "a refresh was refused: the operator has to look; the grant is kept");
    const outcome = failure.kind === "sign_in_needed" ? "transient" : failure.kind;
    return { end: heldAfter(written, failure, ports.clock.now()), outcome };
  }

  async function revoke(tokens: GrantSecrets): Promise<void> {
    const revocation = ports.connections.revocation(row, tokens, ports.clock.now());
    await ports.store.transaction((tx) => tx.outbox.insert(revocation));
    ports.onQueued();
  }
}

/** What is left of that around a grant that went while its refresh was out. */
async function whatWent({ store }: VaultPorts, row: GrantRecord, server: GrantClient): Promise<LateTokens> {
  const [user, session, identities, grants] = await Promise.all([
    store.users.byId(row.userId),
    row.sessionId === null ? null : store.sessions.byId(row.sessionId),
    store.identities.ofUser(row.userId),
    store.grants.ofUser(row.userId),
  ]);
  const ofTool = !row.connection.startsWith("provider:");
  return {
    user: user !== undefined,
    identity: ofTool || identities.some(({ issuer }) => issuer === row.issuer),
    session: session === null ? null : session !== undefined,
    sibling: grants.some(
      ({ connection, clientId, status }) =>
        connection === row.connection && clientId === row.clientId && status === "active",
    ),
    revokedAtSignOut: server.revokedAtSignOut,
  };
}

/** An `invalid_grant` after an attempt that nobody knows the end of was most likely that attempt's doing (VA-10). */
const endReason = (reason: string, unknownBefore: boolean): string =>
  unknownBefore && reason === "invalid_grant" ? ambiguousRefresh : reason;

function heldAfter(
  written: Written,
  failure: Exclude<Decided, { kind: "refreshed" | "ended" }>,
  now: Instant,
): RefreshEnd {
  if (written.kind !== "written") return { kind: "look" };
  const { nextAttemptAt } = written.row;
  const retryAfter = nextAttemptAt === null ? null : milliseconds(Math.max(0, nextAttemptAt - now));
  const asked =
    failure.kind === "sign_in_needed" ? null : { retryAfter: failure.kind === "transient" ? failure.retryAfter : null };
  return { kind: "held", code: codeOfFailure(failure.kind), retryAfter, reason: failure.reason, asked };
}

async function resolve(ports: VaultPorts, row: GrantRecord) {
  try {
    return { kind: "resolved", client: await ports.connections.resolveClient(row) } as const;
  } catch (thrown) {
    if (!isLatchkeyError(thrown) || thrown.code.startsWith("store.")) throw thrown;
    if (thrown.code === "grant.needs_reconnect") {
      return { kind: "over", reason: String(thrown.data["reason"] ?? "client_replaced") } as const;
    }
    const outcome = { kind: "transient", reason: thrown.code, retryAfter: null, unknown: false } as const;
    return { kind: "unresolved", outcome } as const;
  }
}

async function ask(ports: VaultPorts, target: GrantClient, secrets: GrantSecrets, row: GrantRecord): Promise<Decided> {
  const refreshToken = secrets.refreshToken ?? "";
  const once = async (): Promise<RefreshOutcome> => {
    const answer = await refreshTokens(ports, { target, refreshToken, timeout: ports.options.refreshTimeout });
    logAnswer(ports, row, answer);
    return outcomeOf(answer);
  };
  const first = await once();
  if (first.kind !== "ambiguous") return first;
  ports.log.warn({ grant: row.id, reason: first.reason }, "a refresh got no answer: the same token is sent once more");
  await ports.clock.sleep(beforeSecondTry);
  return outcomeAfterAmbiguity(await once());
}

/** Nothing is sent twice here: what could be asked again is asked by the next caller, if at all (TS-15). */
async function obtain(
  ports: VaultPorts,
  request: NonNullable<GrantClient["obtain"]>,
  person: PersonTokens,
  row: GrantRecord,
): Promise<Decided> {
  try {
    const answer = await request(person);
    logAnswer(ports, row, answer);
    return outcomeOfObtaining(answer);
  } catch (thrown) {
    if (!isLatchkeyError(thrown) || thrown.code.startsWith("store.")) throw thrown;
    if (signInCodes.has(thrown.code)) return { kind: "sign_in_needed", reason: thrown.code };
    return { kind: "transient", reason: thrown.code, retryAfter: null, unknown: false };
  }
}

/** What is wrong with a provider's grant where only its person can put it right. */
const signInCodes: ReadonlySet<string> = new Set([
  "grant.not_connected",
  "grant.needs_reconnect",
  "grant.sign_in_needed",
]);

function logAnswer(ports: VaultPorts, row: GrantRecord, answer: RefreshAnswer): void {
  if (answer.kind !== "oauth_error") return;
  const { error, description, status } = answer;
  ports.log.info({ grant: row.id, connection: row.connection, error, description, status }, "a refresh was refused");
}

async function readIdToken(ports: VaultPorts, server: GrantClient, tokens: NormalisedTokenAnswer, held: GrantSecrets) {
  if (tokens.idToken === null || !server.readIdToken) return { kind: "none" } as const;
  const { idToken, accessToken } = tokens;
  const now = ports.clock.now();
  const read = await server.readIdToken({ idToken, previous: held.idToken, accessToken, now });
  if (read.kind === "defect") {
    ports.log.warn({ reason: read.reason }, "a refresh brought an ID token that is not valid; the old one stays");
  }
  return read;
}

/** What was asked, and as whom, under a name that tells nothing: with another one it is worth asking again. */
const fingerprint = async (
  { keyring }: VaultPorts,
  { as, client, scopes, resource, shows }: GrantClient,
  person: PersonTokens,
): Promise<string> =>
  keyring.fingerprint(
    JSON.stringify([
      as.token_endpoint,
      { ...client, clientSecret: client.clientSecret?.reveal(), clientKey: client.clientKey?.reveal() },
      scopes,
      resource,
      ...(shows === undefined ? [] : [await shows(person)]),
    ]),
  );

/** Undefined when it cannot be known now. */
export async function fingerprintOf(
  ports: VaultPorts,
  row: GrantRecord,
  person: PersonTokens,
): Promise<string | undefined> {
  const client = await resolve(ports, row);
  return client.kind === "resolved" ? fingerprint(ports, client.client, person) : undefined;
}
