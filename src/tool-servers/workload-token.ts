/**
 * The token that says which program this is: a JWT in a file that the platform writes anew before it ends (Kubernetes'
 * projected service account tokens, SPIFFE helpers). So it is read at each use, and never kept.
 */
import { decodeJwt } from "jose";
import { isLatchkeyError } from "../kernel/errors.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

type Reading = Pick<ConnectPorts, "readTokenFile" | "clock">;
export type NoWorkloadToken = "workload_token_missing" | "workload_token_unreadable" | "workload_token_expired";

/** Whether it is good is its authorization server's to say; one that is over by our clock is not shown to anybody. */
export async function readWorkloadToken(
  { readTokenFile, clock }: Reading,
  { workloadTokenFile }: Pick<ToolServer, "workloadTokenFile">,
): Promise<Result<string, NoWorkloadToken>> {
  let text: string;
  try {
    text = ((await readTokenFile(workloadTokenFile)) ?? "").trim();
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "config.unreadable")) throw thrown;
    return err("workload_token_missing");
  }
  if (text.length > 16_384) return err("workload_token_unreadable");
  try {
    const { exp } = decodeJwt(text);
    return exp !== undefined && exp * 1_000 <= clock.now() ? err("workload_token_expired") : ok(text);
  } catch {
    return err("workload_token_unreadable");
  }
}
