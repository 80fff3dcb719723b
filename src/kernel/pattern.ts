/** An operator's pattern as those who ask it see it: compiled when the configuration loads, a function from then on. */
export interface Pattern {
  /** As it was written. */
  readonly text: string;
  /** Whether the whole value fits, case included. Takes linear time and never throws. */
  matches(value: string): boolean;
}
