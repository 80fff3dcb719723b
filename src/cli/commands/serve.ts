/** `latchkey serve`: start, say so, and stop gracefully (SU-14). */

import { type Command, InvalidArgumentError } from "commander";
import { wantsColor } from "../../config/environment.js";
import { isLoopbackUrl } from "../../config/loopback.js";
import type { Config } from "../../config/schema.js";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Log } from "../../kernel/log.js";
import { milliseconds, seconds, systemClock } from "../../kernel/time.js";
import type { Latchkey } from "../../latchkey.js";
import { type CommonOptions, commandWithConfig, load, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { networkFileSystem } from "../network-file-system.js";
import { palette } from "../output.js";

interface Options extends CommonOptions {
  readonly port?: number;
}

export const serveCommand = (session: Session): Command =>
  commandWithConfig("serve", "run the server: sign-in, account pages and API", [
    "latchkey serve",
    "latchkey serve --config /etc/latchkey/latchkey.yaml --port 8080",
  ])
    .option("-p, --port <number>", "port to listen on, over server.port; 0 takes any free one", portNumber)
    .action(running(session, (options: Options) => run(session, options)));

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("It must be a number from 0 to 65535.");
  return Number(text);
}

async function run(session: Session, options: Options): Promise<number> {
  const { terminal } = session;
  const { config } = await load(session, options);
  const { createPinoLog } = await import("../../server/pino-log.js");
  const log = createPinoLog({ ...config.log, color: terminal.errIsTerminal && wantsColor(terminal.env) });

  // Signals count from here on: one that comes while we start is honoured as soon as we have.
  const stopping = stopSignal(session, log);
  await migrate(config, log);
  const { startLatchkey } = await import("../../create-latchkey.js");
  const { serve } = await import("../../server/serve.js");
  const latchkey = await startLatchkey(config, { log });
  let graceEnds: number;
  try {
    const { host, port } = config.server;
    const handler = latchkey.fetch;
    const serving = await serve({ handler, host, port: options.port ?? port, clock: systemClock, log }).catch(
      (cause: unknown) => {
        throw listenFailed(cause, host, options.port ?? port);
      },
    );
    await warn(config, latchkey, log);
    await sayReady(session, options, { url: serving.url, config, latchkey });

    await stopping;
    graceEnds = systemClock.monotonic() + config.server.shutdownGrace;
    const { cut } = await serving.stop(config.server.shutdownGrace);
    if (cut) log.warn({}, "requests were still under way after server.shutdownGrace and were cut");
  } catch (thrown) {
    await latchkey.close();
    throw thrown;
  }
  const closed = await closes(latchkey, Math.max(graceEnds - systemClock.monotonic(), shortestClose));
  if (!closed) log.warn({}, "a provider had not answered after server.shutdownGrace and is not waited for");
  log.info({}, "stopped");
  if (!closed) terminal.exitNow(exitCodes.fine);
  return exitCodes.fine;
}

/** Files and sockets close in moments, and get them even where the grace is over. */
const shortestClose = seconds(1);

/**
 * Closes; false when it takes longer than `limit`. A request that was cut, or a revocation in the background, may
 * still wait for a provider, and that time is the provider's: without this the grace would be no limit.
 */
async function closes(latchkey: Latchkey, limit: number): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<false>((resolve) => {
    cancel = systemClock.after(milliseconds(limit), () => resolve(false));
  });
  return Promise.race([latchkey.close().then(() => true), late]).finally(cancel);
}

/** Resolves at the first signal; the second ends the process at once. */
function stopSignal({ terminal }: Session, log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    terminal.onStopSignal(() => {
      if (asked) return terminal.exitNow(exitCodes.problem);
      asked = true;
      log.info({}, "stopping; a second signal ends at once");
      resolve();
    });
  });
}

async function migrate(config: Config, log: Log): Promise<void> {
  // It exists only inside the store's own connection, which migrates it.
  if (config.database.kind === "sqlite" && config.database.path === ":memory:") return;
  const { migrateDatabase } = await import("../../administration.js");
  const { from, to } = await migrateDatabase(config, { log });
  if (from !== to) log.info({ from, to }, "the database was migrated");
}

/** An address that is taken or may not be used: the operator's to change, so exit 3 and not a defect. */
function listenFailed(cause: unknown, host: string, port: number): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (!/^E[A-Z]+$/.test(code)) return cause;
  return new LatchkeyError("config.cannot_listen", {
    data: { reason: `cannot listen on ${host} port ${port} (${code}); see server.host, server.port and --port` },
    cause,
  });
}

async function warn(config: Config, latchkey: Latchkey, log: Log): Promise<void> {
  if (config.server.insecureHttp && config.baseUrl.startsWith("http:")) {
    log.warn(
      { baseUrl: config.baseUrl },
      "server.insecureHttp is on: whoever is on the way can read and take over sessions",
    );
  }
  if (Object.values(config.rateLimits).includes("off")) {
    log.warn({}, "rateLimits are off: this is for tests");
  }
  const path = config.database.kind === "sqlite" ? config.database.path : undefined;
  const network = path && (await networkFileSystem(path));
  if (network !== undefined) {
    log.warn(
      { path, fileSystem: network },
      "the SQLite database lies on a network file system, where its locks do not hold; move it to a local disk",
    );
  }
  if ((await latchkey.isEmpty()) && config.signIn.bootstrapAdmins.length === 0) {
    log.warn(
      {},
      isLoopbackUrl(config.baseUrl)
        ? "nobody has an account yet: the first person to sign in becomes admin; signIn.bootstrapAdmins names them beforehand"
        : "nobody has an account yet: whoever opens the one-time set-up link becomes admin; signIn.bootstrapAdmins names them beforehand",
    );
  }
}

/**
 * One line of JSON for programs, sentences for people. The set-up link goes here and into no log: who has it first
 * becomes admin (AC-9).
 */
async function sayReady(
  session: Session,
  options: Options,
  ready: { url: string; config: Config; latchkey: Latchkey },
): Promise<void> {
  const { terminal } = session;
  const { url, config } = ready;
  const setupUrl = await ready.latchkey.setupUrl();
  if (!terminal.outIsTerminal || options.json) {
    terminal.out(
      `${JSON.stringify({ event: "ready", url, baseUrl: config.baseUrl, ...(setupUrl === null ? {} : { setupUrl }) })}\n`,
    );
    return;
  }
  const { bold, dim } = palette(terminal);
  terminal.out(`\n  ${bold("Latchkey")} is ready: ${bold(`${config.baseUrl}${config.basePath}/sign-in`)}\n`);
  terminal.out(dim(`  listening on ${url}; Ctrl+C stops it\n`));
  if (setupUrl !== null)
    terminal.out(`\n  Nobody has an account yet. Open this link once, within a day, to become admin:\n  ${setupUrl}\n`);
  terminal.out("\n");
}
