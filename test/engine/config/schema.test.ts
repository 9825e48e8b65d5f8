import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseJsonc } from "jsonc-parser";
import * as z from "zod";
import { configTable, jsonSchema, parseConfig } from "../../../engine/config/index.ts";
import { runConfigSchema } from "../../../engine/config/schema.ts";
import { defaultOf, docsOf, settingsOf } from "../../../engine/config/walk.ts";
import { PRESETS } from "../../../engine/config/presets.ts";
import { schemaValidator } from "./validator.ts";

const validator = schemaValidator();

describe("every setting of a run config", () => {
  for (const { path, schema } of settingsOf(runConfigSchema)) {
    it(`${path} says what it is, and where its default comes from`, () => {
      const { description, source, otherwise } = docsOf(schema);
      assert.ok(description !== undefined && description.length > 3);
      assert.ok(!/[.;]$/.test(description), "a description has no full stop");
      assert.doesNotMatch(description, /^(What|Whether|Who)\b/, "a description opens with a noun or a verb");
      if (defaultOf(schema) !== undefined) assert.ok(source !== undefined, "a default has a source");
      else assert.ok(source === undefined, "a source belongs to a default");
      assert.ok(otherwise === undefined || defaultOf(schema) === undefined);
    });

    it(`${path} is in the docs table`, () => {
      const inTable = path.startsWith("arms.") ? "`arms.<name>.…`" : `\`${path}\``;
      assert.ok(configTable().includes(`| ${inTable} |`));
    });
  }
});

describe("the JSON schema", () => {
  it("takes every preset, named or spelt out", () => {
    for (const preset of PRESETS) {
      assert.deepEqual(validator.safeParse({ preset: preset.name }).error, undefined);
      assert.deepEqual(validator.safeParse(preset.config).error, undefined);
    }
  });

  it("refuses unknown keys, wrong types and values out of range", () => {
    for (const config of [
      { rlfh: {} },
      { rlhf: { bta: 1 } },
      { seeds: "1" },
      { rlhf: { gamma: 2 } },
      { arms: { a: { lambda: -1 } } },
    ]) {
      assert.equal(validator.safeParse(config).success, false, JSON.stringify(config));
    }
  });

  it("tells editors description, unit, source and default", () => {
    const shape = z.object({
      properties: z.object({ rlhf: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
    });
    const { klTarget } = shape.parse(jsonSchema()).properties.rlhf.properties;
    assert.deepEqual(klTarget, {
      anyOf: [{ type: "number", exclusiveMinimum: 0 }, { $ref: "#/definitions/grid" }],
      default: 6,
      description:
        "KL per sequence that the adaptive controller aims at. Unit: nats. Range: more than 0. Default: 6 (TRL 0.11 PPOConfig).",
      markdownDescription: [
        "KL per sequence that the adaptive controller aims at.",
        "",
        "**Unit:** nats  ",
        "**Range:** more than 0  ",
        "**Default:** `6` (TRL 0.11 PPOConfig)",
      ].join("\n"),
    });
  });

  it("does not ask for anything that has a default", () => {
    assert.equal(validator.safeParse({}).success, true);
  });
});

const EXAMPLES = new URL("../../../examples/", import.meta.url).pathname;
const examples = existsSync(EXAMPLES)
  ? readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".salsa.json"))
  : [];

describe("the example configs", () => {
  for (const example of examples) {
    it(`${example} parses, and its JSON schema agrees`, () => {
      const text = readFileSync(join(EXAMPLES, example), "utf8");
      // The real model is fetched, by the example's README, and not there at first.
      const exists = (file: string): boolean => existsSync(file) || file === join(EXAMPLES, "smollm2/model");
      parseConfig(text, join(EXAMPLES, example), { exists });
      assert.deepEqual(validator.safeParse(parseJsonc(text, [], { allowTrailingComma: true })).error, undefined);
    });
  }
});
