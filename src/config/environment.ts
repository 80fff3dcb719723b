/**
 * The only place that reads this process's environment. Everybody else is handed what they need of it, so that a
 * test can run with any environment and no setting comes in by a side door.
 */

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const processEnvironment = (): Environment => ({ ...process.env });

/** Whether colours are wanted on a terminal (no-color.org). */
export const wantsColor = (env: Environment): boolean => !env["NO_COLOR"] && env["TERM"] !== "dumb";
