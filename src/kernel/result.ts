/**
 * A value or a reason, for policies and parsers: their caller must decide what a failure means.
 * Steps do not return these; they throw `LatchkeyError`, since the only sensible act is to stop.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok(): Result<void, never>;
export function ok<T>(value: T): Result<T, never>;
export function ok<T>(value?: T): Result<T | undefined, never> {
  return { ok: true, value };
}

export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });
