/**
 * How nodes tell each other that there is news (LO-3). A bus carries no news itself: what ended or changed is a row of
 * `announcements`, and a message only says "read them". So a lost message costs time, never truth.
 */
export interface Bus {
  /** Tells every node, this one included, that there are new announcements. Never rejects: nodes also read by themselves. */
  publish(): Promise<void>;
  /** Called for each message of another node or our own, and whenever messages may have been missed. */
  onNews(listener: () => void): void;
  /**
   * Tells every node that something they may be waiting for has happened, by a name of one word. Nothing depends on it:
   * who waits also looks by itself. Never rejects.
   */
  hint(about: string): Promise<void>;
  /** Called for each hint, our own included. */
  onHint(listener: (about: string) => void): void;
  /** True while our own heartbeat came back within the last 3 s: silence then means that there is no news. */
  isAlive(): boolean;
  close(): Promise<void>;
}

/** What a bus is made of: text to every node that listens. */
export interface Transport {
  /** Rejects when the text certainly or possibly reached nobody. */
  send(text: string): Promise<void>;
  close(): Promise<void>;
}

/** How a transport reports. `onConnected` comes with the first connection and every later one. */
export interface TransportListener {
  onText(text: string): void;
  onConnected(): void;
  onLost(): void;
}
