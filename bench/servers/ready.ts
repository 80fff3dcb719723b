/** How a measured server tells the harness that it is there. */
export interface Ready {
  readonly url: string;
  /** Path of the session check. */
  readonly path: string;
  readonly cookie: string;
}

export const tell = (ready: object): void => void process.stdout.write(`${JSON.stringify(ready)}\n`);

/** What the harness passes to a server, as JSON in its first argument. */
export const given = <T>(): T => JSON.parse(process.argv[2] ?? "{}") as T;
