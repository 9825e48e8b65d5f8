import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { editorSchema, jsonSchema, parseConfig, presetSchemas } from "../../../engine/config/index.ts";
import type { JsonSchema } from "../../../engine/config/hover.ts";
import {
  ARM_SNIPPETS,
  ARMS_SNIPPETS,
  DATA_SNIPPETS,
  PAIR_SNIPPETS,
  ROOT_SNIPPETS,
} from "../../../engine/config/snippets.ts";
import { SOUP_SNIPPETS, SOUPS_SNIPPETS } from "../../../engine/config/soup.ts";
import { TASK_SNIPPETS } from "../../../engine/config/task.ts";
import { schemaValidator } from "./validator.ts";

const FILE = new URL("../../../dist/run-config.schema.json", import.meta.url);
const schema = jsonSchema() as JsonSchema;

/** Every key that a config may hold, with its schema. */
function settings(json: unknown, path = ""): { readonly path: string; readonly json: JsonSchema }[] {
  if (typeof json !== "object" || json === null) return [];
  const { properties = {}, ...rest } = json as JsonSchema;
  const own = Object.entries(properties).flatMap(([key, child]) => {
    const place = path === "" ? key : `${path}.${key}`;
    return [{ path: place, json: child }, ...settings(child, place)];
  });
  const inside = ["additionalProperties", "oneOf", "anyOf", "items"].flatMap((key) => rest[key] ?? []);
  return [...own, ...inside.flatMap((one) => settings(one, `${path}.*`))];
}

describe("the schema file for editors", () => {
  it("is what the settings say now: npm run build writes it again", () => {
    assert.ok(existsSync(FILE), "dist/run-config.schema.json is missing; run npm run build");
    const made = editorSchema(schema, presetSchemas());
    assert.deepEqual(JSON.parse(readFileSync(FILE, "utf8")), JSON.parse(JSON.stringify(made)));
  });

  it("is small enough to be read at once", () => {
    assert.ok(JSON.stringify(schema).length < 180_000, `${JSON.stringify(schema).length} characters`);
  });

  it("takes null for an arm or a soup, by which a preset's is taken out, as the engine does", () => {
    const validator = schemaValidator();
    const config = { preset: "miniinstruct", arms: { "salsa-3": null }, soups: { soup3: null } };
    const { arms, soups } = parseConfig(JSON.stringify(config), "x.salsa.json");
    assert.deepEqual([Object.keys(arms), Object.keys(soups)], [["ppo", "salsa", "mkl"], ["soup"]]);
    assert.ok(validator.safeParse(config).success);
    assert.ok(!validator.safeParse({ ...config, arms: { salsa: 5 } }).success);
    assert.ok(!validator.safeParse({ ...config, rlhf: null }).success);
  });

  const known = settings(schema);

  it("says of the kinds of benchmarks, and of models that judge, what they are", () => {
    const { definitions = {} } = schema;
    const { kind } = definitions["benchmark"]?.properties ?? {};
    assert.match(String(kind?.["markdownDescription"]), /- `mt-bench`: MT-Bench's question.jsonl/);
    assert.equal((kind?.["markdownEnumDescriptions"] as unknown[] | undefined)?.length, 5);
    const { protocol } = definitions["judgeModel"]?.properties ?? {};
    assert.match(String(protocol?.["markdownDescription"]), /\*\*Default:\*\* `"paper"`/);
  });

  it("knows the settings of sections, soups and arms", () => {
    const paths = new Set(known.map(({ path }) => path));
    for (const path of ["seeds", "rlhf.beta", "model.architecture.nHeads", "arms.*.beta", "soups.*.*.method"]) {
      assert.ok(paths.has(path), path);
    }
  });

  for (const { path, json } of known) {
    it(`shows over ${path} what it is, and its default or what else holds`, () => {
      const hover = String(json["markdownDescription"]);
      assert.match(hover, /^\S.*\.(\n|$)/);
      assert.match(hover, /\*\*(Default|If left out):\*\* \S|\*\*Required\*\*/);
      assert.ok(!/(?<!\\)</.test(hover), "no tag can be made of it");
    });

    const { enum: words } = json;
    if (Array.isArray(words)) {
      it(`says what each word of ${path} means`, () => {
        const meanings = z.array(z.string().min(5)).parse(json["markdownEnumDescriptions"]);
        assert.equal(meanings.length, words.length);
        for (const word of words) assert.ok(String(json["markdownDescription"]).includes(`- \`${String(word)}\`: `));
      });
    }
  }
});

/** A snippet as VS Code writes it with nothing filled in: each placeholder's own word, the first of a choice. */
function written(body: unknown): unknown {
  const plain = (text: string): string =>
    text.replace(/\$\{\d+\|([^,|]*)[^}]*\}/g, "$1").replace(/\$\{\d+:([^}]*)\}/g, "$1");
  const text = JSON.stringify(body, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith("^") ? Number(plain(value.slice(1))) : value,
  );
  return JSON.parse(plain(text));
}

const root = { task: { name: "miniinstruct" } };

describe("snippets of a run config", () => {
  const validator = schemaValidator();
  const cases = [
    { of: "the root", snippets: ROOT_SNIPPETS, config: (body: unknown) => body },
    { of: "data", snippets: DATA_SNIPPETS, config: (data: unknown) => ({ data }) },
    { of: "task", snippets: TASK_SNIPPETS, config: (task: unknown) => ({ task }) },
    { of: "soups", snippets: SOUPS_SNIPPETS, config: (soups: unknown) => ({ ...root, soups }) },
    { of: "a soup", snippets: SOUP_SNIPPETS, config: (soup: unknown) => ({ ...root, soups: { soup } }) },
    { of: "arms", snippets: ARMS_SNIPPETS, config: (arms: unknown) => ({ ...root, arms }) },
    { of: "an arm", snippets: ARM_SNIPPETS, config: (arm: unknown) => ({ ...root, arms: { arm } }) },
    { of: "pairs", snippets: PAIR_SNIPPETS, config: (pairs: unknown) => ({ ...root, evaluation: { pairs } }) },
  ];
  for (const { of, snippets, config } of cases) {
    for (const { label, body } of snippets) {
      it(`for ${of}: "${label}" is taken by the schema as it is offered`, () => {
        assert.deepEqual(validator.safeParse(config(written(body))).error, undefined);
      });
    }
  }

  it("stand where editors look for them", () => {
    const { properties = {} } = schema;
    const at = [schema, properties["data"], properties["task"], properties["soups"], properties["arms"]];
    const entries = [properties["soups"], properties["arms"]].map((one) => one?.["additionalProperties"] as JsonSchema);
    for (const one of [...at, ...entries]) assert.ok(Array.isArray(one?.["defaultSnippets"]));
  });
});
