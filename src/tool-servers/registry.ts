/**
 * The tool servers of this installation: each record of the configuration, and each that was added while everything ran
 * (TS-18), with our own URLs for it. One of the file hides an added one of its id (SU-2).
 *
 * What was added is a copy in memory, read again when any node has said that it changed; `refresh` waits for that, so
 * that the next request of every node uses what the operator has just done.
 */
import type { Config, ToolServerConfig } from "../config/schema.js";
import { isPublicOrigin } from "../egress/public-origin.js";
import type { Announcement } from "../store/records.js";
import type { StoredToolServer } from "./stored-servers.js";
import { type ToolServer, type ToolServers, toolPrefix } from "./tool-server.js";

export interface AddedServers {
  load(): Promise<readonly StoredToolServer[]>;
  readonly news: {
    isCurrent(): boolean;
    catchUp(): Promise<void>;
    subscribe(listener: (announcement: Announcement) => void): void;
  };
}

/** @param added undefined: those of the configuration are all there are */
export function createToolServers(
  config: Pick<Config, "baseUrl" | "basePath" | "toolServers">,
  added?: AddedServers,
): ToolServers {
  const base = config.baseUrl + config.basePath;
  const isPublic = isPublicOrigin(config.baseUrl);
  const made = (record: ToolServerConfig, added: boolean) => toolServerOf(base, isPublic, record, added);
  const ofFile = config.toolServers.map((record) => made(record, false));
  const fileIds = new Set(ofFile.map(({ id }) => id));
  let snapshot = { servers: ofFile, gone: [] as ToolServer[] };
  let stale = added !== undefined;
  let reading: Promise<void> | undefined;

  added?.news.subscribe(({ kind }) => {
    stale ||= kind === "tool_server" || kind === "settings";
  });

  async function read({ load }: AddedServers): Promise<void> {
    // Said before the rows are read: what is announced meanwhile makes them old again.
    stale = false;
    try {
      const stored = (await load()).filter(({ config: { id } }) => !fileIds.has(id));
      const of = (removed: boolean) =>
        stored.filter((one) => one.removed === removed).map((one) => made(one.config, true));
      snapshot = { servers: [...ofFile, ...of(false)], gone: of(true) };
    } catch (thrown) {
      stale = true;
      throw thrown;
    }
  }

  const find = (list: readonly ToolServer[], id: string) => list.find((server) => server.id === id);
  const idOf = (connection: string) =>
    connection.startsWith(toolPrefix) ? connection.slice(toolPrefix.length) : undefined;

  return {
    async refresh() {
      if (added === undefined) return;
      if (!added.news.isCurrent()) await added.news.catchUp();
      // One that is under way may have begun before the caller's own change, or fail: its end is waited for, and asked again.
      while (stale || reading !== undefined) {
        reading ??= read(added).finally(() => {
          reading = undefined;
        });
        await reading;
      }
    },
    byId: (id) => find(snapshot.servers, id),
    byConnection: (connection) => find(snapshot.servers, idOf(connection) ?? ""),
    gone: (connection) => find(snapshot.gone, idOf(connection) ?? ""),
    all: () => snapshot.servers,
  };
}

/** Where its authorization server sends people back to. */
export const connectRedirectUri = (base: string, id: string): string => `${base}/connections/${id}/callback`;

function toolServerOf(base: string, isPublic: boolean, record: ToolServerConfig, added: boolean): ToolServer {
  const { clientMetadataUrl, clientMetadata, ...rest } = record;
  const own = clientMetadata === "installation" ? installationDocument(base) : serverDocument(base, record.id);
  return {
    ...rest,
    clientMetadata,
    name: record.name ?? record.id,
    added,
    connection: `${toolPrefix}${record.id}`,
    redirectUri: connectRedirectUri(base, record.id),
    documentUrl: clientMetadataUrl ?? own,
    documentIsPublic: clientMetadataUrl !== null || isPublic,
    connectUrl: `${base}/connections/${record.id}/start`,
  };
}

export const installationDocument = (base: string): string => `${base}/client-metadata.json`;
export const serverDocument = (base: string, id: string): string => `${base}/client-metadata/${id}.json`;
