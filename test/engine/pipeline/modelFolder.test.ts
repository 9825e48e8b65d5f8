import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseModelConfig } from "../../../engine/models/index.ts";
import { loadConfig, loadModel, saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { fromBf16, toBf16 } from "../../../engine/compute/graph/dtype.ts";
import { readCheckpoint } from "../../../engine/storage/checkpoints.ts";
import type { StoredType } from "../../../engine/storage/elementTypes.ts";
import { writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { wordLevelTokenizer } from "../../../engine/text/index.ts";
import { PICO_JSON, picoWeights } from "../models/pico.ts";

describe("a model's folder", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-model-"));
    const config = parseModelConfig({ ...PICO_JSON, eos_token_id: [2, 7] });
    const tokenizer = wordLevelTokenizer(["one", "two"]);
    await saveModel(folder, { config, weights: picoWeights(1, ["language"], config), tokenizer });
  });
  after(() => rm(folder, { recursive: true }));

  /** Rewrites config.json with other values. */
  async function change(changes: object): Promise<void> {
    const file = join(folder, "config.json");
    const json = JSON.parse(await readFile(file, "utf8")) as object;
    await writeFile(file, JSON.stringify({ ...json, ...changes }));
  }

  it("keeps every end-of-text token of config.json", async () => {
    assert.deepEqual((await loadConfig(folder)).specialTokens.eos, [2, 7]);
  });

  const MISFITS = [
    ["layers that no tensor backs", { num_hidden_layers: 10_000 }, /has no tensor model\.layers\.2\./],
    [
      "biases that no tensor backs",
      { attention_bias: true },
      /has no tensor model\.layers\.0\.self_attn\.q_proj\.bias/,
    ],
    ["sizes that the tensors do not have", { vocab_size: 32 }, /embed_tokens\.weight is \[19, 16\] in the checkpoint/],
  ] as const;
  for (const [what, changes, message] of MISFITS) {
    it(`with ${what} is refused before any weight is read`, async () => {
      const original = await readFile(join(folder, "config.json"), "utf8");
      await change(changes);
      // Bytes that would be refused, too, had they been looked at first: an infinite embedding.
      const file = join(folder, "model.safetensors");
      const weights = await readFile(file);
      const damaged = Buffer.from(weights).fill(0xff, 8 + Number(weights.readBigUInt64LE()));
      await writeFile(file, damaged);
      for (const load of [loadConfig, loadModel]) {
        await assert.rejects(load(folder), { name: "CheckpointError", message });
      }
      await writeFile(file, weights);
      await writeFile(join(folder, "config.json"), original);
    });
  }
});

describe("what is saved of a model that was loaded", () => {
  let folder: string;
  let base: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-saved-"));
    base = join(folder, "base");
    const config = parseModelConfig(PICO_JSON);
    const tokenizer = wordLevelTokenizer(["one", "two"]);
    await saveModel(base, { config, weights: picoWeights(1, ["language"], config), tokenizer });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = (...parts: string[]): Promise<string> => readFile(join(folder, ...parts), "utf8");
  const json = async (...parts: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await read(...parts)) as Record<string, unknown>;

  /** Stores the base in other types, which `typeOf` names. */
  async function store(typeOf: (name: string) => StoredType): Promise<void> {
    const { weights } = await loadModel(base);
    const tensors = [...weights].map(([name, tensor]) => [name, { ...tensor, dtype: typeOf(name) }] as const);
    await writeSafetensors(join(base, "model.safetensors"), new Map(tensors));
  }

  async function typesOf(name: string): Promise<ReadonlyMap<string, string>> {
    const { weights } = await readCheckpoint(join(folder, name));
    await weights.close();
    return new Map([...weights.tensors].map(([tensor, { dtype }]) => [tensor, dtype]));
  }

  it("has the base's types, tensor by tensor, and new tensors the one that most are in", async () => {
    await store((name) => (name.endsWith("norm.weight") ? "F32" : "BF16"));
    const loaded = await loadModel(base);
    const weights = new Map([...loaded.weights, ["score.weight", { shape: [1, 16], data: new Float32Array(16) }]]);
    await saveModel(join(folder, "saved"), { ...loaded, weights }, { head: "score" });
    const types = await typesOf("saved");
    assert.equal(types.get("model.norm.weight"), "F32");
    assert.equal(types.get("model.embed_tokens.weight"), "BF16");
    assert.equal(types.get("score.weight"), "BF16");
    assert.equal((await json("saved", "config.json"))["torch_dtype"], "bfloat16");
  });

  it("is rounded to nearest even, and again exact when it is saved once more", async () => {
    await store(() => "BF16");
    const loaded = await loadModel(base);
    const change = (value: number): number => Math.fround(value + 0.001);
    const moved = [...loaded.weights].map(
      ([name, { shape, data }]) => [name, { shape, data: data.map(change) }] as const,
    );
    await saveModel(join(folder, "once"), { ...loaded, weights: new Map(moved) });
    const once = await loadModel(join(folder, "once"));
    for (const [name, { data }] of moved) assert.deepEqual(once.weights.get(name)?.data, fromBf16(toBf16(data)));
    await saveModel(join(folder, "twice"), once);
    const [a, b] = await Promise.all(
      ["once", "twice"].map((name) => readFile(join(folder, name, "model.safetensors"))),
    );
    assert.deepEqual(a, b);
  });

  it("has the type that the config chooses, and stops with the tensor's name where that is too narrow", async () => {
    const loaded = await loadModel(base);
    await saveModel(join(folder, "saved"), loaded, { saveAs: "f16" });
    assert.deepEqual(new Set((await typesOf("saved")).values()), new Set(["F16"]));
    assert.equal((await json("saved", "config.json"))["torch_dtype"], "float16");
    const large = new Map([
      ...loaded.weights,
      ["model.norm.weight", { shape: [16], data: new Float32Array(16).fill(65_520) }],
    ]);
    await assert.rejects(saveModel(join(folder, "large"), { ...loaded, weights: large }, { saveAs: "f16" }), {
      name: "CheckpointError",
      message: /large: tensor model\.norm\.weight: .*beyond the range of float16; .*model\.saveAs: bf16/,
    });
    await saveModel(join(folder, "large"), { ...loaded, weights: large }, { saveAs: "bf16" });
  });

  it("takes along all files of the tokenizer as they are, and the settings with their numbers as they are spelled", async () => {
    const files = {
      "tokenizer_config.json": '{"eos_token":"</s>", "model_max_length": 1000000000000000019884624838656}',
      "special_tokens_map.json": '{ "eos_token" : "</s>" }',
      "tokenizer.model": "pieces",
      "vocab.json": "{ }",
      "merges.txt": "#version",
    };
    const original = await json("base", "tokenizer_config.json");
    files["tokenizer_config.json"] = JSON.stringify(original).replace(
      "}",
      ', "model_max_length": 1000000000000000019884624838656}',
    );
    for (const [name, text] of Object.entries(files)) await writeFile(join(base, name), text);
    await writeFile(join(base, "generation_config.json"), '{"temperature": 2.0, "eos_token_id": 2}');
    const config = await read("base", "config.json");
    await writeFile(
      join(base, "config.json"),
      config.replace("{", '{ "cache_implementation": "static", "scale": 3.0, "transformers_version": "9", '),
    );
    await saveModel(join(folder, "saved"), await loadModel(base));
    for (const [name, text] of Object.entries(files)) assert.equal(await read("saved", name), text, name);
    assert.equal(await read("saved", "tokenizer.json"), await read("base", "tokenizer.json"));
    assert.match(await read("saved", "generation_config.json"), /"temperature": 2\.0,/);
    const saved = await read("saved", "config.json");
    assert.match(saved, /"cache_implementation": "static",\n {2}"scale": 3\.0\n/);
    assert.ok(!saved.includes("transformers_version"));
  });

  it("has the chat template that the config names, wherever a loader looks", async () => {
    const settings = await json("base", "tokenizer_config.json");
    await writeFile(join(base, "tokenizer_config.json"), JSON.stringify({ ...settings, chat_template: "old", x: 1 }));
    const template = join(folder, "new.jinja");
    await writeFile(template, "{{ messages[0].content }}");
    await saveModel(join(folder, "saved"), await loadModel(base, ["language"], { template: { path: template } }));
    assert.equal(await read("saved", "chat_template.jinja"), "{{ messages[0].content }}");
    assert.deepEqual(await json("saved", "tokenizer_config.json"), {
      ...settings,
      chat_template: "{{ messages[0].content }}",
      x: 1,
    });
  });
});
