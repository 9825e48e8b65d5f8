import * as z from "zod";
import { jsonSchema } from "../../../engine/config/index.ts";

/**
 * Checks values by the JSON schema of configs. Zod compiles patterns without the flag by which `\p{L}` is a letter, as
 * JSON Schema has it: names must be ASCII here.
 */
export function schemaValidator(): z.ZodType {
  const text = JSON.stringify(jsonSchema(), (key, value: unknown) =>
    key === "pattern" && typeof value === "string" && value.includes("\\p{") ? "^[A-Za-z0-9][A-Za-z0-9_.-]*$" : value,
  );
  return z.fromJSONSchema(JSON.parse(text) as ReturnType<typeof jsonSchema>);
}
