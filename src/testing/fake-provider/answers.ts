/**
 * What a fake provider says and hears, as plain data: answers that a script can take apart and put together
 * again, and requests as they came over the wire.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Instant } from "../../kernel/time.js";

export type ProviderEndpoint =
  | "metadata"
  | "jwks"
  | "authorize"
  | "token"
  | "userinfo"
  | "revocation"
  | "introspection"
  | "par"
  | "end_session";

/** A request as it arrived. */
export interface RecordedRequest {
  /** `other` for a path that is no endpoint (answered 404). */
  readonly endpoint: ProviderEndpoint | "other";
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; a repeated header is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body read as a form; empty when it is none. */
  readonly form: URLSearchParams;
  readonly at: Instant;
}

/** An answer as data. `json` is written as JSON; `body` is sent as it is. Neither: an empty body. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
}

/**
 * The bare socket, for what a well-behaved HTTP server cannot say: a byte a second, a body without an end, 40 MB,
 * ten thousand headers, a connection that is cut. The body of the request has been read by then.
 */
export interface RawAnswer {
  readonly raw: (request: IncomingMessage, response: ServerResponse, recorded: RecordedRequest) => void | Promise<void>;
}

/**
 * What is said instead of the honest answer. `honest()` computes the honest one, with all its effects (a code is
 * used up, a refresh token rotated); a script that does not call it leaves the provider untouched.
 */
export type AnswerScript = (
  honest: () => Promise<Answer>,
  request: RecordedRequest,
) => Answer | RawAnswer | Response | Promise<Answer | RawAnswer | Response>;

/** A fixed answer, a fixed raw answer, or a script. */
export type Scripted = Answer | RawAnswer | AnswerScript;

export const isRaw = (answer: object): answer is RawAnswer => "raw" in answer;

/** Writes an answer; a `Response` is read to its end first. */
export async function writeAnswer(response: ServerResponse, answer: Answer | Response): Promise<void> {
  if (answer instanceof Response) {
    for (const [name, value] of answer.headers) response.appendHeader(name, value);
    response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()));
    return;
  }
  if (answer.json !== undefined) response.setHeader("Content-Type", "application/json");
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    response.setHeader(name, value as string | string[]);
  const body = answer.body ?? (answer.json === undefined ? "" : JSON.stringify(answer.json));
  response.writeHead(answer.status ?? 200).end(body);
}

/** The honest answer with members of its JSON replaced; a member set to `undefined` is left out. */
export const withJson = (answer: Answer, members: Readonly<Record<string, unknown>>): Answer => ({
  ...answer,
  json: { ...(answer.json as Record<string, unknown>), ...members },
});
