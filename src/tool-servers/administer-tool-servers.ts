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
import type { AuditEventRecord, OutboxRecord, RegistrationRecord, StoredToolServerRecord } from "../store/records.js";
import { foundNothing } from "./kept-copy.js";
import { leftToolServers } from "./left-servers.js";
import { connectRedirectUri } from "./registry.js";
import { openRegistration } from "./sealed-registration.js";
import { staticRegistration } from "./static-registration.js";
import { openToolServer, type ReadToolServer, sealToolServer } from "./stored-servers.js";

/** How long revocations have before the client that they are made as is taken back. */
const afterRevocations = hours(1);

export interface ListedToolServer {
  readonly id: string;
  /**
   * `hidden`: the file has one of this id, which is used instead. `unreadable`: no secret opens it. Of the others nobody can use it, but something is
   * left of it that removing it ends: `removing`: its removal was cut off; `left`: it is nowhere any more.
   */
  readonly source: "file" | "stored" | "hidden" | "unreadable" | "removing" | "left";
  readonly name: string;
  /** Null where it cannot be read, or is nowhere. */
  readonly url: string | null;
  readonly enabled: boolean;
  readonly registration: ToolServerConfig["registration"] | null;
  readonly createdAt: Instant | null;
}

export interface ToolServerAdministration {
  /** By id, also those that nobody can use any more and of which something is left. */
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
   * From now on nobody can use it, and a registration that we made at its authorization server is taken back in an hour. One that the file hides
   * just goes. Of one that is nowhere any more the registrations go at once: nothing can be revoked as them.
   *
   * @throws LatchkeyError `connect.server_unknown` also for one of the file, and where nothing is left
   */
  remove(id: string): Promise<WhatPeopleConnected & { readonly already: boolean }>;
  /** The same without removing it. */
  look(id: string): Promise<WhatPeopleConnected>;
}

/** What becomes of the connections of a tool server's id. */
export interface WhatPeopleConnected {
  /** They are of the one that is removed, now or before, and the caller's to end; false: of the file's own. */
  readonly inUse: boolean;
  /** False where nobody can say any more where to revoke them, and as which client. */
  readonly revocable: boolean;
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

  /** @param last who we were there goes last: until then tokens are revoked as that client; null: its rows go now, for nothing can be */
  function unregistrations(rows: readonly RegistrationRecord[], now: Instant, last: Instant | null): OutboxRecord[] {
    return rows.flatMap((row) => {
      const { connection, issuer } = row;
      const registration = last === null ? null : row.id;
      const of = { connection, issuer, registration, client: openRegistration(ports.keyring, row) };
      return unregistrationRow(ports, of, now, last ?? now) ?? [];
    });
  }

  function listedRow(row: StoredToolServerRecord): ListedToolServer {
    const config = openToolServer(ports.keyring, ports.read, row);
    if (!config) return { ...unreadable, id: row.id, name: row.id, createdAt: row.createdAt };
    return listed(inFile(row.id) ? "hidden" : "stored", config, row.createdAt);
  }

  async function look(id: string): Promise<WhatPeopleConnected> {
    const row = await store.toolServers.byId(id);
    const revocable = row !== undefined && openToolServer(ports.keyring, ports.read, row) !== undefined;
    return { inUse: inFile(id) === undefined, revocable };
  }

  return {
    async list() {
      const fromFile = configured.map((server) => listed("file", server, null));
      const rows = await store.toolServers.all();
      const stored = rows.filter(({ removedAt }) => removedAt === null).map(listedRow);
      const ids = configured.map(({ id }) => id);
      const left = (await leftToolServers(ports, ids)).map(({ id, removing }): ListedToolServer => {
        const row = rows.find((one) => one.id === id);
        const was = row ? listedRow(row) : { ...unreadable, id, name: id, createdAt: null };
        return { ...was, source: removing ? "removing" : "left" };
      });
      return [...fromFile, ...stored, ...left].sort((a, b) => (a.id < b.id ? -1 : 1));
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

    look,

    async remove(id) {
      const now = clock.now();
      const event = written("tool_server.removed", id);
      const what = await look(id);
      const left = await store.registrations.ofConnection(`tool:${id}`);
      const goes = unregistrations(left, now, after(now, afterRevocations));
      const goesAtOnce = unregistrations(left, now, null);
      const already = await store.transaction(async (tx) => {
        const row = await tx.toolServers.byId(id);
        const isThere = row?.removedAt === null;
        if (!isThere && !what.inUse) throw unknown(id);
        if (row === undefined && left.length === 0 && (await tx.grants.count(`tool:${id}`)) === 0) throw unknown(id);
        // Removed before: what people had there may not all be ended, and the caller goes on with that.
        if (row && !isThere) return true;
        if (row) await tx.toolServers.save({ ...row, removedAt: now, updatedAt: now });
        else for (const { id: registration } of left) await tx.registrations.delete(registration);
        for (const one of row ? goes : goesAtOnce) await tx.outbox.insert(one);
        await tx.announcements.append("tool_server", id, now);
        await tx.audit.append(event);
        return false;
      });
      return { ...what, already };
    },
  };
}

/** Whether its id is taken: what is only left of one is in nobody's way. */
export const isThere = ({ source }: Pick<ListedToolServer, "source">): boolean =>
  source !== "removing" && source !== "left";

const unreadable = { source: "unreadable", url: null, enabled: false, registration: null } as const;

const listed = (
  source: ListedToolServer["source"],
  { id, name, url, enabled, registration }: ToolServerConfig,
  createdAt: Instant | null,
): ListedToolServer => ({ id, source, name: name ?? id, url, enabled, registration, createdAt });
