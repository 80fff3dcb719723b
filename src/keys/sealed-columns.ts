/**
 * What is sealed and kept in the database, and what is sealed and travels. A new purpose of sealing does not compile
 * until it is said here which it is, so that no column is forgotten by a rotation (VA-4).
 */
import type { SealPurpose } from "../crypto/port.js";
import {
  claimsPlace,
  grantPlace,
  outboxPlace,
  registrationPlace,
  type SealedPlace,
  signingKeyPlace,
  toolServerPlace,
} from "../crypto/sealed-places.js";
import type { SealedRow, SealedTable } from "../store/records.js";

/** The table that keeps it; null for cookies, links and forms, which run out by themselves within a day. */
const keptIn: Readonly<Record<SealPurpose, SealedTable | null>> = {
  grant: "grants",
  claims: "identities",
  outbox: "outbox",
  registration: "registrations",
  "signing-key": "signing_keys",
  "tool-server": "tool_servers",
  flow: null,
  "sign-out": null,
  "apple-name": null,
  setup: null,
  "tool-server-draft": null,
};

/** In the order in which they are walked through. */
export const sealedTables: readonly SealedTable[] = Object.values(keptIn).filter((table) => table !== null);

/** The place that a row's value has to be sealed for. A row that lacks a part of it has no place that opens. */
export const placeOf: Readonly<Record<SealedTable, (row: SealedRow) => SealedPlace>> = {
  grants: ({ id, userId, connection }) => grantPlace({ id, userId: userId ?? "", connection: connection ?? "" }),
  identities: ({ id, userId }) => claimsPlace({ id, userId: userId ?? "" }),
  outbox: ({ id }) => outboxPlace({ id }),
  registrations: ({ id }) => registrationPlace({ id }),
  tool_servers: ({ id }) => toolServerPlace({ id }),
  signing_keys: ({ id }) => signingKeyPlace({ id }),
};
