/**
 * Whether a stranger's server can reach what we serve under an origin, judged by the name alone: https, and neither a
 * special-use address (RFC 6890) nor a name that no public resolver knows (RFC 6761, RFC 6762, RFC 8375). Pure; a name
 * that looks public may still lie behind a firewall.
 */

import { parseAddress } from "../kernel/ip-addresses.js";
import { plainHost } from "./allow-list.js";
import { specialUse } from "./special-use-addresses.js";

const privateNames = /(?:^|\.)(?:localhost|local|internal|test|invalid|example|onion|alt|lan|home\.arpa)$/;

export function isPublicOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.protocol !== "https:") return false;
  const host = plainHost(url.hostname);
  const address = parseAddress(host);
  if (address) return specialUse(address) === undefined;
  return host.includes(".") && !privateNames.test(host);
}
