/**
 * What a migration is. They run forward only, each one once, in order, all in the transaction that records them.
 * A change of schema must leave the previous minor version able to run, so that nodes can be replaced one by one:
 * add columns with defaults first, drop them a version later.
 */
import type { ColumnDefinitionBuilder, CreateTableBuilder } from "kysely";
import type { Db } from "../schema.js";

/** What databases spell differently. */
export interface Spelling {
  /** An integer of 64 bits, for instants. */
  readonly instant: "integer" | "bigint";
  /** Bytes as they are. */
  readonly bytes: "blob" | "bytea";
  /** Text that is compared and ordered byte by byte. */
  readonly text: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** Makes an `instant` column a primary key whose numbers grow and are never given twice. */
  readonly sequence: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** What ends a `create table`. */
  readonly table: <Table extends string, Column extends string>(
    builder: CreateTableBuilder<Table, Column>,
  ) => CreateTableBuilder<Table, Column>;
}

export interface Migration {
  /** Grows from one to the next; never given twice. */
  readonly version: number;
  readonly name: string;
  /** The oldest schema version whose code still runs after this migration. */
  readonly runsFrom: number;
  up(db: Db, spelling: Spelling): Promise<void>;
}
