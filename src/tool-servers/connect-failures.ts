/** The failures of the protocol's steps, which sign-in shares, in the words of connecting. Data, and one function. */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { ToolServer } from "./tool-server.js";

const codes: Readonly<Record<string, ErrorCode>> = {
  "signin.parameter_repeated": "connect.parameter_invalid",
  "signin.parameter_too_long": "connect.parameter_invalid",
  "signin.parameter_missing": "connect.parameter_invalid",
  "signin.denied": "connect.denied",
  "signin.interaction_required": "connect.denied",
  "signin.provider_unavailable": "connect.server_unreachable",
  "signin.provider_misconfigured": "connect.metadata_refused",
  "signin.provider_refused": "connect.server_refused",
  "signin.client_rejected": "connect.client_rejected",
  "signin.code_rejected": "connect.code_rejected",
  "signin.token_answer_invalid": "connect.token_answer_invalid",
};

/** Anything else is handed back as it is. */
export function asConnectFailure(thrown: unknown, server: Pick<ToolServer, "id">): unknown {
  if (!(thrown instanceof LatchkeyError) || !Object.hasOwn(codes, thrown.code)) return thrown;
  const code = codes[thrown.code] as ErrorCode;
  return new LatchkeyError(code, { cause: thrown, data: { ...thrown.data, toolServer: server.id } });
}
