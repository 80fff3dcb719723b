/**
 * A query whose text is put together once. Kysely builds it anew for every execution, which takes longer than SQLite takes
 * to carry it out; where a thousand callers wait for one row, that is part of what they wait for.
 */
import type { Compilable, CompiledQuery } from "kysely";

/** Stands in the query for a value until there is one. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * @param build Puts the query together. It is called once, with places instead of values: what it makes of them must not
 *   depend on what they are, and each goes into the query as it is. Every call must then name the same members.
 */
export function compiledOnce<V extends object, R>(
  build: (values: V) => Compilable<R>,
): (values: V) => CompiledQuery<R> {
  let compiled: CompiledQuery<R> | undefined;
  return (values) => {
    compiled ??= build(
      Object.fromEntries(Object.keys(values).map((name) => [name, new Place(name)])) as unknown as V,
    ).compile();
    const given = values as Record<string, unknown>;
    const parameters = compiled.parameters.map((value) => (value instanceof Place ? given[value.name] : value));
    return { ...compiled, parameters };
  };
}
