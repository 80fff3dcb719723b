/**
 * A secret that does not print itself. Config, client credentials and tokens travel in this box; only the one
 * place that must send the value calls `reveal()`. String, JSON and `util.inspect` all see a mask (SI-24, VA-5).
 */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself. Call it where it leaves, never where it is passed along. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

export const secret = (value: string): Secret => new Secret(value);
