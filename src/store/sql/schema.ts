/**
 * The tables as SQL has them, for kysely's types. Every database has the same columns with the same meaning:
 * instants are epoch milliseconds, truth is 0 or 1, JSON and lists are text, pictures are bytes. Dates and booleans are never bound,
 * since SQLite has neither. `docs/reference/storage.md` says what each column is for.
 */
import type { Generated, Kysely } from "kysely";

type Flag = 0 | 1;

export interface UserRow {
  id: string;
  email: string;
  email_verified: Flag;
  name: string;
  picture: string | null;
  role: string;
  role_origin: string;
  disabled_at: number | null;
  claimed_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
  last_sign_in_at: number | null;
  /** E-mail and name, folded, for the search of the list. */
  search_text: string;
}

export interface IdentityRow {
  id: string;
  user_id: string;
  provider: string;
  issuer: string;
  subject: string;
  sub: string;
  email: string | null;
  email_verified: Flag;
  claims: string | null;
  created_at: number;
  last_used_at: number;
}

export interface GroupRow {
  id: string;
  name: string;
  permissions: string;
  share: string;
  created_by: string;
  created_at: number;
}

export interface MembershipRow {
  user_id: string;
  group_id: string;
  origin: string;
  created_at: number;
}

export interface SessionRow {
  id: string;
  token_hash: string;
  user_id: string;
  identity_id: string;
  provider: string;
  issuer: string;
  client_id: string;
  sub: string;
  sid: string | null;
  created_at: number;
  last_seen_at: number;
  idle_ends_at: number;
  ends_at: number;
  address: string | null;
  user_agent: string | null;
  role_at_issue: string;
}

export interface GrantRow {
  id: string;
  user_id: string;
  connection: string;
  session_id: string | null;
  issuer: string;
  client_id: string;
  account_label: string | null;
  scopes: string;
  issued_at: number;
  expires_at: number | null;
  status: string;
  status_reason: string | null;
  version: number;
  last_refresh_at: number | null;
  last_failure_code: string | null;
  next_attempt_at: number | null;
  lease_owner: string | null;
  lease_ends_at: number | null;
  last_used_at: number | null;
  sealed: string;
  created_at: number;
  updated_at: number;
}

export interface ConsumedFlowRow {
  state_hash: string;
  expires_at: number;
}

export interface UsedJtiRow {
  issuer: string;
  jti: string;
  expires_at: number;
}

export interface PictureRow {
  user_id: string;
  content_type: string;
  bytes: Uint8Array;
  digest: string;
  source_hash: string;
  fetched_at: number;
}

export interface MetadataRow {
  url: string;
  body: string;
  fetched_at: number;
  fresh_until: number;
  stale_until: number;
}

export interface AnnouncementRow {
  sequence: Generated<number>;
  kind: string;
  key: string;
  at: number;
}

export interface OutboxRow {
  id: string;
  kind: string;
  sealed: string;
  attempts: number;
  next_attempt_at: number;
  ends_at: number;
  last_failure: string | null;
  created_at: number;
}

export interface AuditEventRow {
  id: string;
  at: number;
  type: string;
  actor_kind: string;
  actor_id: string | null;
  target_kind: string;
  target_id: string | null;
  provider: string | null;
  connection: string | null;
  address: string | null;
  rule: string | null;
  code: string | null;
  request_id: string;
  data: string;
}

export interface RegistrationRow {
  id: string;
  kind: string;
  connection: string;
  issuer: string;
  redirect_uri: string;
  client_id: string | null;
  sealed: string | null;
  secret_ends_at: number | null;
  last_failure: string | null;
  next_attempt_at: number | null;
  lease_owner: string | null;
  lease_ends_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
}

export interface ChallengeRow {
  user_id: string;
  connection: string;
  challenge: string | null;
  requests: string;
  updated_at: number;
}

export interface SettingRow {
  key: string;
  value: string;
  version: number;
  updated_at: number;
}

export interface ServiceRow {
  id: string;
  secret_hash: string;
  former_secret_hash: string | null;
  former_secret_ends_at: number | null;
  /** A JSON list. */
  connections: string;
  offline: Flag;
  audience: string | null;
  created_at: number;
  updated_at: number;
}

export interface ToolServerRow {
  id: string;
  sealed: string;
  removed_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface SigningKeyRow {
  id: string;
  purpose: string;
  alg: string;
  public_key: string;
  sealed: string;
  created_at: number;
  signs_from: number;
  retires_at: number | null;
}

/** One row per migration that ran. */
export interface MigrationRow {
  version: number;
  name: string;
  /** The oldest schema version whose code still runs on this schema. */
  runs_from: number;
  applied_at: number;
}

export interface Schema {
  users: UserRow;
  identities: IdentityRow;
  groups: GroupRow;
  memberships: MembershipRow;
  sessions: SessionRow;
  grants: GrantRow;
  consumed_flows: ConsumedFlowRow;
  used_jtis: UsedJtiRow;
  pictures: PictureRow;
  metadata: MetadataRow;
  announcements: AnnouncementRow;
  outbox: OutboxRow;
  audit_events: AuditEventRow;
  settings: SettingRow;
  registrations: RegistrationRow;
  challenges: ChallengeRow;
  services: ServiceRow;
  signing_keys: SigningKeyRow;
  tool_servers: ToolServerRow;
  migrations: MigrationRow;
}

/** What the files of this folder query through: a pool, or the one connection of a transaction. */
export type Db = Kysely<Schema>;
