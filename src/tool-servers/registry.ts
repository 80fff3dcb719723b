/** The tool servers of this installation: each record of the configuration with our own URLs for it. */
import type { Config, ToolServerConfig } from "../config/schema.js";
import { isPublicOrigin } from "../egress/public-origin.js";
import { type ToolServer, type ToolServers, toolPrefix } from "./tool-server.js";

export function createToolServers(config: Pick<Config, "baseUrl" | "basePath" | "toolServers">): ToolServers {
  const base = config.baseUrl + config.basePath;
  const isPublic = isPublicOrigin(config.baseUrl);
  const servers = config.toolServers.map((record) => toolServerOf(base, isPublic, record));
  const byId = new Map(servers.map((server) => [server.id, server]));
  return {
    byId: (id) => byId.get(id),
    byConnection: (connection) =>
      connection.startsWith(toolPrefix) ? byId.get(connection.slice(toolPrefix.length)) : undefined,
    all: () => servers,
  };
}

function toolServerOf(base: string, isPublic: boolean, record: ToolServerConfig): ToolServer {
  const { clientMetadataUrl, clientMetadata, ...rest } = record;
  const own = clientMetadata === "installation" ? installationDocument(base) : serverDocument(base, record.id);
  return {
    ...rest,
    clientMetadata,
    name: record.name ?? record.id,
    connection: `${toolPrefix}${record.id}`,
    redirectUri: `${base}/connections/${record.id}/callback`,
    documentUrl: clientMetadataUrl ?? own,
    documentIsPublic: clientMetadataUrl !== null || isPublic,
    connectUrl: `${base}/connections/${record.id}/start`,
  };
}

export const installationDocument = (base: string): string => `${base}/client-metadata.json`;
export const serverDocument = (base: string, id: string): string => `${base}/client-metadata/${id}.json`;
