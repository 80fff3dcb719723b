/** Medians and spreads: these machines are noisy, so nothing is said by one number. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Largest over smallest, less one: 0.1 means that the rounds lay within ten percent. */
export const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values) - 1;

export interface Goal {
  readonly op: ">=" | "<=";
  readonly value: number;
}

/** One row of the report; see the scripts table in CONTRIBUTING. */
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly ours: number;
  readonly unit: string;
  readonly peer: string | null;
  readonly theirs: number | null;
  readonly ratio: number | null;
  readonly goal: Goal;
  readonly met: boolean;
  readonly spread: number;
  readonly runs: number;
}

export const reaches = (value: number, goal: Goal): boolean => (goal.op === ">=" ? value >= goal.value : value <= goal.value);
