/**
 * A line on standard error that is written over in place while something long goes on. Only on a terminal: in a log file it
 * would be a thousand lines.
 */
import type { Terminal } from "./terminal.js";

export interface ProgressLine {
  /** @param done between 0 and 1 */
  show(done: number, words: string): void;
  /** Takes the line away. */
  end(): void;
}

const width = 24;

export function progressLine(terminal: Pick<Terminal, "err" | "errIsTerminal">): ProgressLine {
  let shown = "";
  const write = (line: string): void => {
    if (!terminal.errIsTerminal || line === shown) return;
    terminal.err(`\r${line}\u001b[K`);
    shown = line;
  };
  return {
    show(done, words) {
      const share = Math.min(1, Math.max(0, done));
      const full = Math.round(share * width);
      write(`[${"#".repeat(full)}${"-".repeat(width - full)}] ${Math.floor(share * 100)} %  ${words}`);
    },
    end: () => write(""),
  };
}
