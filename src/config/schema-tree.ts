/**
 * The schema as a tree that can be walked: for the reference page, `config print`, the environment variables and
 * the words of a problem. Everything that depends on zod's inner structure is in this file.
 */
import { z } from "zod";
import { configSchema } from "./schema.js";
import { leafNotes } from "./schema-notes.js";

interface NodeBase {
  readonly description: string;
  /** What may stand here; empty when the type says it all. */
  readonly allowed: string;
  readonly secret: boolean;
  /** A password may stand in the value, a URL. */
  readonly password: boolean;
  readonly nullable: boolean;
  /** True when there is no default: the key must be written (unless `optional`). */
  readonly required: boolean;
  /** The default as it would be written; undefined where there is none. */
  readonly fallback: unknown;
}
export interface ObjectNode extends NodeBase {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, SchemaNode>;
}
export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly item: SchemaNode;
}
export interface LeafNode extends NodeBase {
  readonly kind: "text" | "number" | "boolean" | "map";
}
export type SchemaNode = ObjectNode | ListNode | LeafNode;

type Facts = { -readonly [Name in keyof NodeBase]: NodeBase[Name] };

function build(schema: z.core.$ZodType, facts: Facts): SchemaNode {
  const notes = leafNotes.get(schema as z.ZodType);
  facts.description ||= z.globalRegistry.get(schema)?.description ?? "";
  facts.allowed ||= notes?.allowed ?? "";
  facts.secret ||= notes?.secret ?? false;
  facts.password ||= notes?.password ?? false;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
      facts.required = false;
      return build(def.innerType, facts);
    case "nullable":
      facts.nullable = true;
      return build(def.innerType, facts);
    case "default":
    case "prefault":
      facts.required = false;
      facts.fallback = def.defaultValue;
      return build(def.innerType, facts);
    case "pipe":
      return build(def.in, facts);
    case "union": {
      // `off` or an object: the object is what has names below it. Otherwise the first option's type will do.
      const options = def.options.map((option) => build(option, { ...facts }));
      const chosen = options.find((option) => option.kind === "object") ?? options[0];
      if (chosen === undefined) throw new TypeError("a union without options");
      return chosen;
    }
    case "object": {
      const fields = Object.entries(def.shape).map(([name, field]) => [name, build(field, noFacts())] as const);
      return { ...facts, kind: "object", fields: new Map(fields) };
    }
    case "array": {
      const item = build(def.element, noFacts());
      return { ...facts, secret: facts.secret || item.secret, kind: "list", item };
    }
    case "record":
      return { ...facts, kind: "map" };
    case "number":
      return { ...facts, kind: "number" };
    case "boolean":
      return { ...facts, kind: "boolean" };
    default:
      return { ...facts, kind: "text" };
  }
}

const noFacts = (): Facts => ({
  description: "",
  allowed: "",
  secret: false,
  password: false,
  nullable: false,
  required: true,
  fallback: undefined,
});

export const schemaTree = build(configSchema, noFacts()) as ObjectNode;

/** The node at a path of an actual configuration (list indexes as numbers or digits). */
export function nodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = schemaTree;
  for (const part of path) {
    if (node === undefined) return undefined;
    if (node.kind === "object") node = node.fields.get(String(part));
    else if (node.kind === "list") node = node.item;
    else return node.kind === "map" ? node : undefined;
  }
  return node;
}

export interface SchemaLeaf {
  /** With `*` for a list index: `providers.*.clientId`. */
  readonly path: string;
  readonly node: SchemaNode;
}

/** Every key that holds a value, in the order of the schema. A list of plain values is one leaf. */
export function schemaLeaves(node: SchemaNode = schemaTree, path = ""): readonly SchemaLeaf[] {
  const join = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (node.kind === "object") return [...node.fields].flatMap(([name, field]) => schemaLeaves(field, join(name)));
  if (node.kind === "list" && node.item.kind === "object") return schemaLeaves(node.item, join("*"));
  return [{ path, node }];
}
