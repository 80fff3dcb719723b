/** Starts nodes as real processes and carries a browser's requests to them, whatever `baseUrl` says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ConfigInput } from "../../src/config/schema.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import { type FetchLike, loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { programFile } from "../support/program.js";

export interface Node {
  /** For the browser: requests to `baseUrl` go to this node, others over the network. */
  readonly fetch: FetchLike;
  /** Resolves with the signal or code it ended by. */
  readonly ended: Promise<string>;
  stop(): Promise<string>;
}

export async function startNode(config: ConfigInput, killAt: FaultPoint | null = null): Promise<Node> {
  const child = spawn(process.execPath, [programFile("test/processes/node.ts"), JSON.stringify({ config, killAt })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? code));
  const line = await Promise.race([once(child.stdout, "data").then(([data]) => String(data)), ended]);
  const { url } = JSON.parse(line) as { url: string };
  const { origin } = new URL(config.baseUrl);
  return {
    ended,
    fetch: (request) => {
      const at = new URL(request.url);
      return loopbackFetch(at.origin === origin ? new Request(url + at.pathname + at.search, request) : request);
    },
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
