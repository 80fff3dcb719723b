/** A tool server as the features see it: the operator's record, with what follows from our own address. */
import type { ToolServerConfig } from "../config/schema.js";

export interface ToolServer extends Omit<ToolServerConfig, "name" | "clientMetadataUrl"> {
  readonly name: string;
  /** Whether an operator added it at run time: then its row says whether it is there still. */
  readonly added: boolean;
  /** `tool:<id>`: what grants, `audience` and the library call it. */
  readonly connection: string;
  /** Where its authorization server sends people back to; never made of a request. */
  readonly redirectUri: string;
  /** Our id as a client metadata document (TS-8), wherever it lies. */
  readonly documentUrl: string;
  /** Whether a stranger's server can fetch that document: then it is chosen by itself (TS-7). */
  readonly documentIsPublic: boolean;
  /** Where a person goes to connect it. */
  readonly connectUrl: string;
}

/** The tool servers of this installation: those of the configuration in its order, then those that were added. */
export interface ToolServers {
  /**
   * Resolves when what was added or removed on any node before is known here; the others answer from what is known.
   *
   * @throws LatchkeyError `store.*`
   */
  refresh(): Promise<void>;
  /** Enabled or not; undefined when the id is not configured. */
  byId(id: string): ToolServer | undefined;
  /** @param connection `tool:<id>` */
  byConnection(connection: string): ToolServer | undefined;
  /** One that was removed a short while ago, whose tokens are still to be revoked. @param connection `tool:<id>` */
  gone(connection: string): ToolServer | undefined;
  all(): readonly ToolServer[];
}

export const toolPrefix = "tool:";
