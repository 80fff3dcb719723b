/**
 * Numbered places at which a test may kill the process (QU-16). Inert unless a composition root hands in a
 * `FaultPlan`; the enumeration is what the fault suite walks, so a new await between two effects gets a line here.
 */
export const faultPoints = {
  1: "sign-in: flow opened, nothing consumed",
  2: "sign-in: flow consumed, code not sent",
  3: "sign-in: code exchanged, tokens in memory only",
  4: "sign-in: ID token verified, userinfo not asked",
  5: "sign-in: everything sealed, transaction not begun",
  6: "sign-in: inside the transaction, user written",
  7: "sign-in: inside the transaction, all rows written",
  8: "sign-in: committed, answer not sent",
  9: "refresh: lease taken, nothing sent",
  10: "refresh: answer received, tokens in memory only",
  11: "refresh: tokens sealed, not written",
  13: "refresh: committed, no caller answered",
  14: "outbox: row claimed, nothing sent",
  15: "outbox: sent, row not deleted",
  16: "rotation: values sealed anew, transaction not begun",
  17: "rotation: inside the transaction, values swapped",
} as const;
export type FaultPoint = keyof typeof faultPoints;

export interface Faults {
  /** Passes in production; in a fault test it may never return. */
  point(number: FaultPoint): void;
}
export const noFaults: Faults = { point: () => {} };
