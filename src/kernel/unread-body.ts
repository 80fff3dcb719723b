/** What a request over HTTP/1.1 leaves behind in its connection. */

/** As much of Node's own request and response as is needed here. */
interface Incoming {
  readonly httpVersionMajor: number;
  readonly readableDidRead: boolean;
  readonly readableEnded: boolean;
}
interface Outgoing {
  setHeader(name: string, value: string): unknown;
}

/**
 * Says `Connection: close` where somebody began to read the body and stopped (a form that is much too large): the rest of
 * it stands before the next request of this connection, which would wait for nothing. Before the answer is sent.
 */
export function closeWhereUnread(incoming: Incoming, outgoing: Outgoing): void {
  const leftOver = incoming.readableDidRead && !incoming.readableEnded;
  if (leftOver && incoming.httpVersionMajor === 1) outgoing.setHeader("connection", "close");
}
