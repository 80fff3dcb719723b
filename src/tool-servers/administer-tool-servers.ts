/**
 * Adding, listing and removing tool servers at run time (TS-18). What is added is read by the configuration's own schema
 * before, so that nothing is kept that could not stand in the file.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { ToolServerConfig } from "../config/schema.js";
import type { Keyring } from "../crypto/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import { after, type Clock, hours, type Instant } from "../kernel/time.js";
import { unregistrationRow } from "../outbox/unregistration.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, OutboxRecord } from "../store/records.js";
import { foundNothing } from "./discovery.js";
import { connectRedirectUri } from "./registry.js";
import { openRegistration } from "./sealed-registration.js";
import { staticRegistration } from "./static-registration.js";
import { openToolServer, type ReadToolServer, sealToolServer } from "./stored-servers.js";

/** How long revocations have before the client that they are made as is taken back. */
const afterRevocations = hours(1);

export interface ListedToolServer {
  readonly id: string;
  /** `hidden`: the file has one of this id, which is used instead. `unreadable`: no secret opens it. */
  readonly source: "file" | "stored" | "hidden" | "unreadable";
  readonly name: string;
  /** Null where it cannot be read. */
  readonly url: string | null;
  readonly enabled: boolean;
  readonly registration: ToolServerConfig["registration"] | null;
  readonly createdAt: Instant | null;
}

export interface ToolServerAdministration {
  /** By id. */
  list(): Promise<readonly ListedToolServer[]>;
  /** The record that nodes use: of the file, else stored. @throws LatchkeyError `connect.server_unknown` */
  get(id: string): Promise<ToolServerConfig>;
  /**
   * @param input as it would stand in the file, read before
   * @param issuer the authorization server that was found and shown: a client id that is set belongs there (TS-10)
   * @throws LatchkeyError `connect.server_exists`
   */
  add(id: string, input: JsonObject, issuer?: string | null): Promise<void>;
  /**
   * From now on nobody can use it, and a registration that we made at its authorization server is taken back in an hour. `inUse` says whether it was
   * the one that people use: then what they connected is the caller's to end. One that the file hides just goes.
   *
   * @throws LatchkeyError `connect.server_unknown` also for one of the file
   */
  remove(id: string): Promise<{ readonly inUse: boolean }>;
  /** Whether people use the added one of this id, or did until it was removed. */
  isInUse(id: string): Promise<boolean>;
}

export function administerToolServers(ports: {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Of our URLs. */
  readonly base: string;
  readonly configured: readonly ToolServerConfig[];
  readonly read: ReadToolServer;
  readonly by: () => AuditContext & { readonly actor: AuditEventRecord["actor"] };
}): ToolServerAdministration {
  const { store, clock, configured } = ports;
  const inFile = (id: string) => configured.find((one) => one.id === id);
  const unknown = (id: string) =>
    new LatchkeyError("connect.server_unknown", {
      data: { toolServer: id.slice(0, 64), inFile: inFile(id) !== undefined },
    });

  function written(type: "tool_server.added" | "tool_server.removed", id: string) {
    const { actor, ...context } = ports.by();
    const target = { kind: "tool_server", id };
    return auditEvent(ports, clock.now(), context, { type, actor, target, connection: `tool:${id}`, data: {} });
  }

  /** Who we were there goes last: until then people's tokens are revoked as that client. */
  async function unregistrations(connection: string, now: Instant): Promise<readonly OutboxRecord[]> {
    const rows = await store.registrations.ofConnection(connection);
    return rows.flatMap((row) => {
      const of = { connection, issuer: row.issuer, registration: row.id, client: openRegistration(ports.keyring, row) };
      return unregistrationRow(ports, of, now, after(now, afterRevocations)) ?? [];
    });
  }

  return {
    async list() {
      const fromFile = configured.map((server) => listed("file", server, null));
      const rows = (await store.toolServers.all()).filter(({ removedAt }) => removedAt === null);
      const stored = rows.map((row) => {
        const config = openToolServer(ports.keyring, ports.read, row);
        if (!config) return { ...unreadable, id: row.id, name: row.id, createdAt: row.createdAt };
        return listed(inFile(row.id) ? "hidden" : "stored", config, row.createdAt);
      });
      return [...fromFile, ...stored].sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async get(id) {
      const configuredOne = inFile(id);
      if (configuredOne) return configuredOne;
      const row = await store.toolServers.byId(id);
      const stored = row?.removedAt === null ? openToolServer(ports.keyring, ports.read, row) : undefined;
      if (!stored) throw unknown(id);
      return stored;
    },

    async add(id, input, issuer = null) {
      const now = clock.now();
      const row = {
        id,
        sealed: sealToolServer(ports.keyring, id, input),
        removedAt: null,
        createdAt: now,
        updatedAt: now,
      };
      const event = written("tool_server.added", id);
      const clientId = ports.read(input)?.clientId ?? null;
      const of = { connection: `tool:${id}`, redirectUri: connectRedirectUri(ports.base, id) };
      const bound =
        issuer === null || clientId === null ? null : staticRegistration(ports, { ...of, issuer, clientId }, now);
      await store.transaction(async (tx) => {
        const before = await tx.toolServers.byId(id);
        if (inFile(id) || before?.removedAt === null)
          throw new LatchkeyError("connect.server_exists", { data: { toolServer: id } });
        await tx.toolServers.save(row);
        // Where credentials of an earlier one of this name belonged binds these to nothing (TS-10).
        for (const old of await tx.registrations.ofConnection(`tool:${id}`))
          if (old.kind === "static") await tx.registrations.delete(old.id);
        if (bound) await tx.registrations.insert(bound);
        await tx.metadata.save(foundNothing(id, now));
        await tx.announcements.append("tool_server", id, now);
        await tx.audit.append(event);
      });
    },

    async isInUse(id) {
      return inFile(id) === undefined && (await store.toolServers.byId(id)) !== undefined;
    },

    async remove(id) {
      const now = clock.now();
      const event = written("tool_server.removed", id);
      const inUse = inFile(id) === undefined;
      const goes = await unregistrations(`tool:${id}`, now);
      await store.transaction(async (tx) => {
        const row = await tx.toolServers.byId(id);
        if (!row || (row.removedAt !== null && !inUse)) throw unknown(id);
        // Removed before: what people had there may not all be ended, and the caller goes on with that.
        if (row.removedAt !== null) return;
        await tx.toolServers.save({ ...row, removedAt: now, updatedAt: now });
        for (const one of goes) await tx.outbox.insert(one);
        await tx.announcements.append("tool_server", id, now);
        await tx.audit.append(event);
      });
      return { inUse };
    },
  };
}

const unreadable = { source: "unreadable", url: null, enabled: false, registration: null } as const;

const listed = (
  source: ListedToolServer["source"],
  { id, name, url, enabled, registration }: ToolServerConfig,
  createdAt: Instant | null,
): ListedToolServer => ({ id, source, name: name ?? id, url, enabled, registration, createdAt });
