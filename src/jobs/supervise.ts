/**
 * The one list of loops that run beside requests. A round that fails is logged and tried again at the next tick;
 * `stop` waits for the rounds under way, so that nothing writes to a store that is being closed.
 */
import type { Log } from "../kernel/log.js";
import type { Clock, Duration } from "../kernel/time.js";

export interface Job {
  readonly name: string;
  readonly every: Duration;
  /** @param stop aborted when the supervisor stops: a round of many steps ends after the one it is at */
  run(stop: AbortSignal): Promise<unknown>;
}

export interface Supervisor {
  /** Runs a job's round now rather than at its next tick. */
  nudge(name: string): void;
  stop(): Promise<void>;
}

export function supervise(ports: { clock: Clock; log: Log }, jobs: readonly Job[]): Supervisor {
  const running = new Map<string, Promise<void>>();
  const cancels = new Map<string, () => void>();
  /** Nudged while a round was under way, which may have looked before there was something to see. */
  const again = new Set<string>();
  const stopping = new AbortController();

  function round(job: Job): void {
    if (stopping.signal.aborted || running.has(job.name)) return;
    cancels.get(job.name)?.();
    const work = Promise.resolve()
      .then(() => job.run(stopping.signal))
      .then(() => {})
      .catch((error: unknown) => {
        const err = error instanceof Error ? error : undefined;
        ports.log.error({ job: job.name, err }, "a background job failed and will run again");
      })
      .finally(() => {
        running.delete(job.name);
        if (again.delete(job.name)) round(job);
        else schedule(job);
      });
    running.set(job.name, work);
  }

  function schedule(job: Job): void {
    if (!stopping.signal.aborted)
      cancels.set(
        job.name,
        ports.clock.after(job.every, () => round(job)),
      );
  }

  for (const job of jobs) schedule(job);
  return {
    nudge(name) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (!job) return;
      if (running.has(name)) again.add(name);
      else round(job);
    },
    async stop() {
      stopping.abort();
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running.values());
    },
  };
}
