/**
 * All tables of the contract over one kysely handle, and a wrapper that puts one rule around every call of every
 * table, so that no method can forget it.
 */
import type { StoreReads, Transaction } from "../contract.js";
import { announcementReads, announcementWrites } from "./announcements.js";
import { auditReads, auditWrites } from "./audit-events.js";
import { challengeReads, challengeWrites } from "./challenges.js";
import { grantReads, grantWrites } from "./grants.js";
import { groupReads, groupWrites } from "./groups.js";
import { identityReads, identityWrites } from "./identities.js";
import { metadataReads, metadataWrites } from "./metadata.js";
import { consumedFlowWrites, usedJtiWrites } from "./once.js";
import { outboxReads, outboxWrites } from "./outbox.js";
import { pictureReads, pictureWrites } from "./pictures.js";
import { providerTraceReads } from "./provider-traces.js";
import { registrationReads, registrationWrites } from "./registrations.js";
import type { Db } from "./schema.js";
import { sealedReads, sealedWrites } from "./sealed.js";
import { serviceReads, serviceWrites } from "./services.js";
import { sessionReads, sessionWrites } from "./sessions.js";
import { settingReads, settingWrites } from "./settings.js";
import { signingKeyReads, signingKeyWrites } from "./signing-keys.js";
import { toolServerReads, toolServerWrites } from "./tool-servers.js";
import { userReads, userWrites } from "./users.js";

export const readTables = (db: Db): StoreReads => ({
  users: userReads(db),
  identities: identityReads(db),
  groups: groupReads(db),
  sessions: sessionReads(db),
  grants: grantReads(db),
  pictures: pictureReads(db),
  metadata: metadataReads(db),
  announcements: announcementReads(db),
  outbox: outboxReads(db),
  audit: auditReads(db),
  settings: settingReads(db),
  registrations: registrationReads(db),
  challenges: challengeReads(db),
  services: serviceReads(db),
  toolServers: toolServerReads(db),
  signingKeys: signingKeyReads(db),
  providerTraces: providerTraceReads(db),
  sealed: sealedReads(db),
});

/** @param reads The reads of the same connection: `readTables(db)`, or a backend's faster ones. */
export const transactionTables = (db: Db, reads: StoreReads): Transaction => ({
  users: { ...reads.users, ...userWrites(db) },
  identities: { ...reads.identities, ...identityWrites(db) },
  groups: { ...reads.groups, ...groupWrites(db) },
  sessions: { ...reads.sessions, ...sessionWrites(db) },
  grants: { ...reads.grants, ...grantWrites(db) },
  consumedFlows: consumedFlowWrites(db),
  usedJtis: usedJtiWrites(db),
  pictures: { ...reads.pictures, ...pictureWrites(db) },
  metadata: { ...reads.metadata, ...metadataWrites(db) },
  announcements: { ...reads.announcements, ...announcementWrites(db) },
  outbox: { ...reads.outbox, ...outboxWrites(db) },
  audit: { ...reads.audit, ...auditWrites(db) },
  settings: { ...reads.settings, ...settingWrites(db) },
  registrations: { ...reads.registrations, ...registrationWrites(db) },
  challenges: { ...reads.challenges, ...challengeWrites(db) },
  services: { ...reads.services, ...serviceWrites(db) },
  toolServers: { ...reads.toolServers, ...toolServerWrites(db) },
  signingKeys: { ...reads.signingKeys, ...signingKeyWrites(db) },
  providerTraces: reads.providerTraces,
  sealed: { ...reads.sealed, ...sealedWrites(db) },
});

/** The rule around a call: it makes the call, or throws instead. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/** The same tables with `around` about every method. */
export function wrapTables<Tables extends object>(tables: Tables, around: Around): Tables {
  const wrapTable = (table: Record<string, Method>) =>
    Object.fromEntries(
      Object.entries(table).map(([name, method]) => [
        name,
        (...parameters: readonly unknown[]) => around(() => method(...parameters)),
      ]),
    );
  const wrapped = Object.entries(tables).map(([name, table]) => [name, wrapTable(table)]);
  return Object.fromEntries(wrapped) as Tables;
}
