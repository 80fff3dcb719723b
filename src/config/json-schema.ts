/** The JSON Schema of the configuration, for editors: `latchkey config schema > latchkey.schema.json`. */
import { z } from "zod";
import { configSchema } from "./schema.js";

/** Draft 2020-12, of the written form. Checks that JSON Schema cannot say are left out, never contradicted. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
  return { $schema, title: "Latchkey configuration", ...rest };
}
