import assert from "node:assert/strict";
import { editorSchema, jsonSchema } from "../../../engine/config/index.ts";

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
});
