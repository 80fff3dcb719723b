/**
 * `POST /token` (RFC 8693, VA-15): a service shows whose token it wants and for what, and gets an access token that is
 * valid now. A refresh token, or anything else of a grant, never leaves by this door.
 *
 * read · may this service have it? · who is it? · the vault · audit · only then answer
 *
 * Whether a person may have tokens at all (disabled, pending, signed out) is asked of sessions and of the vault, which ask
 * the database; nothing of it is decided anew here.
 */
import type { Assertions } from "../assertions/assertions.js";
import { type AuditInput, auditEvent } from "../audit/audit-event.js";
import { asLatchkeyError, isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { isId, type SessionId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import { type Clock, type Duration, toInstant } from "../kernel/time.js";
import type { SessionChecker } from "../sessions/check-session.js";
import type { Store } from "../store/contract.js";
import type { RunningVault } from "../vault/vault.js";
import { type ExchangeRequest, readExchange, type Subject, tokenTypes } from "./policy/exchange-request.js";
import { mayHave, mayHaveOffline } from "./policy/reach.js";
import { type KnownPerson, type ProviderTokenPorts, personOfProviderToken } from "./provider-token.js";
import type { Service } from "./service.js";

export interface ExchangePorts extends Omit<ProviderTokenPorts, "store"> {
  readonly store: Pick<Store, "transaction" | "identities">;
  /** Our own `baseUrl`: the target of an exchange that ends in a session. */
  readonly origin: string;
  /** Signs in somebody who is known, under all the rules of a callback. */
  readonly signInKnown: (
    person: KnownPerson & { readonly accessToken: string; readonly request: ExchangeInput["request"] },
  ) => Promise<{ readonly value: string; readonly lifetime: Duration }>;
  readonly vault: Pick<RunningVault, "forService" | "connectUrl">;
  readonly checker: Pick<SessionChecker, "check">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Looks at its session as well. */
  readonly verifyAssertion: Assertions["verify"];
  /** How long a service waits for a refresh. */
  readonly wait: Duration;
}

export interface ExchangeInput {
  readonly service: Service;
  readonly form: URLSearchParams;
  readonly request: { readonly requestId: string; readonly address: string | null; readonly userAgent: string | null };
}

/** What was issued, or what the person has to do before anything can be. */
export type Exchanged =
  | {
      readonly kind: "issued";
      readonly accessToken: string;
      readonly issuedTokenType: string;
      readonly tokenType: string;
      /** Whole seconds; null: nobody knows. */
      readonly expiresIn: number | null;
      readonly scopes: readonly string[];
    }
  | { readonly kind: "connect_needed"; readonly error: LatchkeyError; readonly connectUri: string };

/** Whom a subject stands for; by a session where there is one. */
interface Someone {
  readonly user: string;
  readonly session: SessionId | undefined;
}

/** What is known so far, for the audit trail. */
interface Progress {
  asked?: ExchangeRequest;
  someone?: Someone;
}

/** @returns throws LatchkeyError `token.*` · `account.*` · `session.invalid` · `grant.*` · `store.*` */
export function createExchange(ports: ExchangePorts): (input: ExchangeInput) => Promise<Exchanged> {
  const { clock, vault } = ports;

  async function exchange(input: ExchangeInput, progress: Progress): Promise<Exchanged> {
    const { service, form } = input;
    const read = readExchange(form);
    if (!read.ok) throw new LatchkeyError(read.error.code, { data: { parameter: read.error.parameter } });
    const asked = read.value;
    progress.asked = asked;
    if (asked.target === ports.origin) return sessionFor(service, asked, input, progress);
    if (!mayHave(service, asked.target)) throw notIts(service);
    const someone = await whoIs(service, asked);
    progress.someone = someone;
    return fromVault(someone, asked);
  }

  async function whoIs(service: Service, { subject, target }: ExchangeRequest): Promise<Someone> {
    switch (subject.kind) {
      case "session":
        return ofSession(subject.value);
      case "assertion":
        return ofAssertion(service, subject.assertion);
      case "user_id":
        if (!mayHaveOffline(service, target))
          throw new LatchkeyError("token.offline_refused", { data: { service: service.id } });
        if (!isId(subject.userId)) throw new LatchkeyError("account.not_found");
        return { user: subject.userId, session: undefined };
      case "provider_token":
        return { user: (await personOfProviderToken(ports, subject, clock.now())).userId, session: undefined };
      default:
        return subject satisfies never;
    }
  }

  /** A provider's token for a session of ours: only of a provider whose connection the service may have. */
  async function sessionFor(
    service: Service,
    { subject }: ExchangeRequest,
    { request }: ExchangeInput,
    progress: Progress,
  ): Promise<Exchanged> {
    if (subject.kind !== "provider_token")
      throw new LatchkeyError("token.type_unsupported", { data: { parameter: "subject_token_type" } });
    if (!mayHave(service, `provider:${subject.provider}`)) throw notIts(service);
    const person = await personOfProviderToken(ports, subject, clock.now());
    progress.someone = { user: person.userId, session: undefined };
    const { value, lifetime } = await ports.signInKnown({ ...person, accessToken: subject.token, request });
    const expiresIn = Math.floor(lifetime / 1_000);
    const issuedTokenType = tokenTypes.accessToken;
    return { kind: "issued", accessToken: value, issuedTokenType, tokenType: "Bearer", expiresIn, scopes: [] };
  }

  async function ofSession(value: string): Promise<Someone> {
    // A header may have spaces about its value; a field is the value and nothing else.
    if (!/^[A-Za-z0-9_-]{43}$/.test(value)) throw new LatchkeyError("session.invalid");
    const headers = new Map([["authorization", `Bearer ${value}`]]);
    const found = await ports.checker.check({ get: (name) => headers.get(name) ?? null });
    if (found.kind !== "signed-in") throw new LatchkeyError("session.invalid");
    return { user: found.user.id, session: found.session.id };
  }

  async function ofAssertion({ audience }: Service, assertion: string): Promise<Someone> {
    const refused = (reason: string) =>
      new LatchkeyError("session.invalid", { data: { subject: "assertion", reason } });
    if (audience === null) throw refused("no_audience");
    const said = await ports.verifyAssertion(assertion, [audience]);
    if ("refused" in said) throw refused(said.refused);
    return { user: said.user.id, session: said.session.id };
  }

  async function fromVault({ user, session }: Someone, asked: ExchangeRequest): Promise<Exchanged> {
    const { target: connection, minValidity, rejectedTokenHash, scopes: wanted } = asked;
    if (!isName(connection)) throw new LatchkeyError("grant.connection_unknown");
    try {
      const request = { user, session, connection, minValidity, rejectedTokenHash, wait: ports.wait };
      const { accessToken, tokenType, expiresAt, scopes } = await vault.forService(request);
      if (wanted?.some((scope) => !scopes.includes(scope)))
        throw new LatchkeyError("grant.consent_required", { data: { connection } });
      const left = expiresAt === null ? null : Math.floor((toInstant(expiresAt.getTime()) - clock.now()) / 1_000);
      const expiresIn = left === null ? null : Math.max(0, left);
      return { kind: "issued", accessToken, issuedTokenType: tokenTypes.accessToken, tokenType, expiresIn, scopes };
    } catch (thrown) {
      if (!isLatchkeyError(thrown, ...personActs)) throw thrown;
      return { kind: "connect_needed", error: thrown, connectUri: await vault.connectUrl(connection) };
    }
  }

  /** What was handed out without a trace of it would be worse than none: where this cannot be written nothing is. */
  function audit(
    { service, request }: ExchangeInput,
    { asked, someone }: Progress,
    error?: LatchkeyError,
  ): Promise<void> {
    const now = clock.now();
    const input: AuditInput = {
      type: error ? "token.refused" : "token.exchanged",
      actor: { kind: "service", id: service.id },
      target: { kind: "user", id: someone?.user ?? null },
      ...connectionOf(asked),
      ...(error ? { code: error.code } : {}),
      data: facts(asked?.subject, someone),
    };
    return ports.store.transaction((tx) => tx.audit.append(auditEvent(ports, now, request, input)));
  }

  async function auditRefusal(input: ExchangeInput, progress: Progress, error: LatchkeyError): Promise<void> {
    await audit(input, progress, error).catch((thrown: unknown) => {
      const { requestId } = input.request;
      ports.log.warn({ requestId, code: asLatchkeyError(thrown).code }, "a refused exchange could not be written down");
    });
  }

  return async (input) => {
    const progress: Progress = {};
    try {
      const exchanged = await exchange(input, progress);
      if (exchanged.kind === "issued") await audit(input, progress);
      else await auditRefusal(input, progress, exchanged.error);
      return exchanged;
    } catch (thrown) {
      await auditRefusal(input, progress, asLatchkeyError(thrown));
      throw thrown;
    }
  };
}

const notIts = ({ id }: Service): LatchkeyError => new LatchkeyError("token.target_refused", { data: { service: id } });

/** What the person can put right, where the answer's `connect_uri` leads them. */
const personActs = [
  "grant.not_connected",
  "grant.needs_reconnect",
  "grant.sign_in_needed",
  "grant.consent_required",
] as const;

/** What can be the name of a connection. Of anything else nothing is written down: it may be a secret in the wrong field. */
const isName = (target: string): boolean => /^(provider|tool):[a-z0-9-]{1,32}$/.test(target);
const connectionOf = (asked: ExchangeRequest | undefined): { readonly connection?: string } =>
  asked && isName(asked.target) ? { connection: asked.target } : {};

const facts = (subject: Subject | undefined, someone: Someone | undefined): JsonObject => ({
  ...(subject ? { subject: subject.kind } : {}),
  ...(someone?.session === undefined ? {} : { session: someone.session }),
});
