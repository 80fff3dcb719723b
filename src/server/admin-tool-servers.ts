/** What the page of tool servers may call (TS-18); like the rest of `admin-features.ts`, only once an admin asks. */
import type { ToolServerExamination } from "../examine-tool-server.js";
import type { LatchkeyError } from "../kernel/errors.js";
import type { Authenticated } from "../sessions/session.js";
import type { ListedToolServer } from "../tool-servers/administer-tool-servers.js";
import type { TypedToolServer } from "../tool-servers/draft.js";
import type { ConnectedPeople } from "../tool-servers/remove-tool-server.js";
import type { AdminRequest } from "./admin-request.js";

export type ToolServerField = keyof TypedToolServer;

/** What was typed, and what came of it. */
export interface LookedAt {
  /** Without the secret. */
  readonly typed: TypedToolServer;
  /** A secret was typed, and is in the draft. */
  readonly hasSecret: boolean;
  /** What was typed, sealed: to be added, or to be changed without typing a secret again. */
  readonly draft: string;
  /** Fields that could not stand in the file as they are; nothing was asked then. */
  readonly wrong: readonly ToolServerField[];
  /** Why it cannot be added as it is, though every field can be used; what the server said is in `data`. */
  readonly failure: LatchkeyError | null;
  /** What was found; null where nothing was. */
  readonly report: ToolServerExamination["report"];
}

export interface AdminToolServers {
  /** By id. */
  list(): Promise<readonly ListedToolServer[]>;
  /**
   * Looks at the server as `tool-server add` does; nothing is kept of it, and nobody is made known there.
   *
   * @param draft of an earlier look: its secret stands in for one that was not typed again
   */
  look(admin: Authenticated, typed: TypedToolServer, draft: string | undefined): Promise<LookedAt>;
  /** What was typed, to be changed; undefined where this admin did not type it in this session. */
  reopen(admin: Authenticated, draft: string): Pick<LookedAt, "typed" | "hasSecret"> | undefined;
  /**
   * Adds what was looked at and shown.
   *
   * @throws LatchkeyError `connect.preview_expired` · `connect.server_exists`
   */
  add(admin: Authenticated, draft: string, request: AdminRequest): Promise<void>;
  /**
   * Asks anew, registers where that is the way, and asks the authorization endpoint (TS-11).
   *
   * @throws LatchkeyError `connect.server_unknown`
   */
  test(id: string): Promise<ToolServerExamination & { readonly name: string }>;
  /** What removing it, or what is left of it, would mean. @throws LatchkeyError `connect.server_unknown` also for one of the file */
  removal(id: string): Promise<ConnectedPeople & { readonly name: string; readonly hidden: boolean }>;
  /** Ends what people connected there and has it revoked. @throws LatchkeyError `connect.server_unknown` */
  remove(admin: Authenticated, id: string, request: AdminRequest): Promise<void>;
}
