import assert from "node:assert/strict";
import { editorSchema, jsonSchema, presetSchemas } from "../../../engine/config/index.ts";
import type { JsonSchema } from "../../../engine/config/hover.ts";

describe("editorSchema", () => {
  it("keeps every setting of the schema, under a condition that nothing follows from", () => {
    const { if: condition, ...outside } = editorSchema(jsonSchema());
    const { properties, additionalProperties } = jsonSchema();
    assert.deepEqual((condition as Record<string, unknown>)["properties"], properties);
    assert.equal((condition as Record<string, unknown>)["additionalProperties"], additionalProperties);
    for (const word of ["properties", "type", "required", "then", "else"]) assert.ok(!(word in outside), word);
  });

  it("keeps outside what editors look for at the top, and what references point to", () => {
    const schema = {
      $defs: { a: {} },
      properties: { b: { $ref: "#/$defs/a" } },
      allowTrailingCommas: true,
      defaultSnippets: [],
    };
    assert.deepEqual(editorSchema(schema), {
      $defs: { a: {} },
      allowTrailingCommas: true,
      defaultSnippets: [],
      if: { properties: { b: { $ref: "#/$defs/a" } } },
    });
  });

  it("has for each preset the schema with its defaults, whole once references are followed", () => {
    const presets = presetSchemas();
    const { definitions, ...schema } = editorSchema(jsonSchema(), presets) as JsonSchema;
    const followed = (part: unknown): unknown => {
      if (typeof part !== "object" || part === null) return part;
      if (Array.isArray(part)) return part.map(followed);
      const { $ref } = part as JsonSchema;
      const name = typeof $ref === "string" ? /^#\/definitions\/(shared\d+)$/.exec($ref)?.[1] : undefined;
      if (name !== undefined) return followed(definitions?.[name]);
      return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, followed(value)]));
    };
    let rest: JsonSchema = schema;
    for (const [name, one] of Object.entries(presets)) {
      const condition = rest["if"] as JsonSchema;
      assert.deepEqual(condition, { required: ["preset"], patternProperties: { "^preset$": { const: name } } });
      const variant = (rest["then"] as JsonSchema)["if"] as JsonSchema;
      assert.deepEqual(followed(variant.properties), one["properties"]);
      rest = rest["else"] as JsonSchema;
    }
    assert.deepEqual(followed((rest["if"] as JsonSchema).properties), jsonSchema()["properties"]);
  });

  it("is not much larger than without presets: what is alike is there once", () => {
    const [one, all] = [editorSchema(jsonSchema()), editorSchema(jsonSchema(), presetSchemas())];
    assert.ok(JSON.stringify(all).length < 2.2 * JSON.stringify(one).length);
  });
});
