/**
 * Asks a tool server something real without a token, to be told what it wants (TS-1). First `initialize`, which every
 * version up to 2025-11-25 begins with; where that is answered without a 401, `tools/list`, since some servers let
 * anybody in and guard only what is behind; where `initialize` means nothing to it, the stateless form of 2026-07-28.
 *
 * Bodies are not read: an answer may be an event stream that stays open, and the status is what is asked for.
 */
import type { Egress, EgressResponse } from "../egress/port.js";
import { asDiscoveryFailure } from "./failures.js";
import type { Challenge } from "./found.js";
import { readChallenge } from "./policy/challenge.js";
import type { DiscoverySettings } from "./settings.js";

export interface Probe {
  /** `protected`: a 401. `anonymous`: it answered. `unclear`: neither; the well-known places decide (TS-2). */
  readonly said: "protected" | "anonymous" | "unclear";
  readonly challenge: Challenge | null;
}

const newest = "2026-07-28";
const stateful = "2025-11-25";
const clientInfo = { name: "latchkey", version: "1" };
const spoken = new Set(["application/json", "text/event-stream"]);

export async function probe(
  ports: { readonly egress: Egress },
  server: Pick<DiscoverySettings, "url" | "headers">,
): Promise<Probe> {
  const ask = (method: string, params: object, headers: Record<string, string>): Promise<EgressResponse> =>
    ports.egress
      .request({
        purpose: "probe",
        url: server.url,
        method: "POST",
        headers: {
          ...Object.fromEntries(Object.entries(server.headers).map(([name, value]) => [name, value.reveal()])),
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      })
      .catch((thrown: unknown) => {
        throw asDiscoveryFailure(thrown, { at: "server" });
      });

  const hello = await ask("initialize", { protocolVersion: stateful, capabilities: {}, clientInfo }, {});
  if (hello.status === 401) return challenged(hello);
  const session = hello.headers.get("mcp-session-id");
  const greeted = isAnswer(hello);
  const next = greeted
    ? await ask(
        "tools/list",
        {},
        {
          "mcp-protocol-version": stateful,
          ...(session === null ? {} : { "mcp-session-id": session }),
        },
      )
    : await ask("tools/list", { _meta: envelope }, { "mcp-protocol-version": newest, "mcp-method": "tools/list" });
  if (next.status === 401) return challenged(next);
  return { said: greeted || isAnswer(next) ? "anonymous" : "unclear", challenge: null };
}

/** What each stateless request carries about who asks. */
const envelope = {
  "io.modelcontextprotocol/protocolVersion": newest,
  "io.modelcontextprotocol/clientInfo": clientInfo,
  "io.modelcontextprotocol/clientCapabilities": {},
};

const challenged = (answer: EgressResponse): Probe => ({
  said: "protected",
  challenge: readChallenge(answer.headers.get("www-authenticate")),
});

/** A web page is answered with 200 as well, and says nothing about a tool server. */
const isAnswer = ({ status, headers }: EgressResponse): boolean =>
  status === 200 && spoken.has(headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "");
