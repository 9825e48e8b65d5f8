import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { soupCheckpoints } from "../../../engine/pipeline/soupCheckpoints.ts";
import { combine } from "../soup/combine.ts";
import type { SoupSettings } from "../../../engine/soup/index.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { writeSafetensors } from "../../../engine/storage/safetensorsWriter.ts";
import { readCheckpointFiles } from "../../../engine/storage/checkpoints.ts";
import { CONFIG, content, tensorsOf, TOKENIZER, writeContent } from "../storage/checkpointFolder.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

const VALUES = [(i: number) => Math.sin(i), (i: number) => Math.cos(3 * i), (i: number) => (i % 5) - 2];

const GREEDY = { method: "greedy", score: "loss", prompts: 1 } as const;

/** Three checkpoints on disk, and where the soup goes. */
async function withModels(work: (models: readonly string[], soup: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const write = (value: (i: number) => number, m: number): Promise<string> =>
      writeContent(path.join(folder, `sft-${m}`), content(value));
    await work(await Promise.all(VALUES.map(write)), path.join(folder, "soup"));
  });
}

async function assertMixed(
  of: readonly string[],
  soup: string,
  weightsOf: (tensor: string) => readonly number[],
): Promise<void> {
  const models = await Promise.all(of.map(tensorsOf));
  for (const [name, values] of await tensorsOf(soup)) {
    const parts = models.map((model) => model.get(name) ?? new Float32Array());
    assert.deepEqual(values, combine(parts, weightsOf(name)), name);
  }
}

describe("soupCheckpoints", () => {
  it("writes a checkpoint with the models' mean and the first one's settings and tokenizer", async () => {
    await withModels(async (of, folder) => {
      await fs.writeFile(path.join(of[0] ?? "", "chat_template.jinja"), "{{ x }}");
      await fs.writeFile(path.join(of[1] ?? "", "chat_template.jinja"), "{{ x }}");
      await soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "uniform" } });
      await assertMixed(of.slice(0, 2), folder, () => [0.5, 0.5]);
      assert.deepEqual(await readCheckpointFiles(folder), { config: CONFIG, tokenizer: TOKENIZER });
      const names = ["chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json"];
      assert.deepEqual((await fs.readdir(folder)).sort(), names);
    });
  });

  it("mixes three models by barycentric weights, and extrapolates", async () => {
    await withModels(async (of, folder) => {
      const weights = [0.5, 1, -0.5];
      await soupCheckpoints({ of, folder, settings: { method: "linear", weights } });
      await assertMixed(of, folder, () => weights);
    });
  });

  it("measures angles tensor by tensor for slerp and modelStock", async () => {
    await withModels(async (of, folder) => {
      const cosine = (a: Float32Array, b: Float32Array): number => {
        const dot = (x: Float32Array, y: Float32Array): number =>
          x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      };
      const [first, second] = await Promise.all(of.slice(0, 2).map(tensorsOf));
      await soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "slerp", alpha: 0.5 } });
      const expected = (tensor: string): number[] => {
        const none = new Float32Array();
        const angle = Math.acos(cosine(first?.get(tensor) ?? none, second?.get(tensor) ?? none));
        return [Math.sin(angle / 2) / Math.sin(angle), Math.sin(angle / 2) / Math.sin(angle)];
      };
      const models = [first, second];
      for (const [name, values] of await tensorsOf(folder)) {
        const parts = models.map((model) => model?.get(name) ?? new Float32Array());
        const sum = combine(parts, expected(name));
        // The angle is summed in another order here: a last bit of the weights may differ, 1e-6 of values up to 2.
        for (const [i, value] of values.entries()) assert.ok(Math.abs(value - (sum[i] ?? NaN)) < 1e-6);
      }
      await fs.rm(folder, { recursive: true });
      await soupCheckpoints({ of, folder, settings: { method: "modelStock" } });
      assert.equal((await tensorsOf(folder)).size, 3);
    });
  });

  it("lets recipes measure mixtures of the open checkpoints", async () => {
    await withModels(async (of, folder) => {
      const evaluator: Parameters<typeof soupCheckpoints>[0]["evaluator"] = (checkpoints) => ({
        score: async (weightsOf) => {
          const norm = "model.norm.weight";
          const parts = await Promise.all(checkpoints.map(({ weights }) => weights.readTensor(norm)));
          return -Math.abs(combine(parts, weightsOf(norm))[0] ?? NaN);
        },
      });
      await soupCheckpoints({ of, folder, settings: GREEDY, evaluator });
      const models = await Promise.all(of.map(tensorsOf));
      const soup = (await tensorsOf(folder)).get("model.norm.weight")?.[0] ?? NaN;
      for (const model of models)
        assert.ok(Math.abs(soup) <= Math.abs(model.get("model.norm.weight")?.[0] ?? NaN) + 1e-6);
    });
  });

  it("refuses settings and checkpoints that do not go together, and writes nothing", async () => {
    await withModels(async (of, folder) => {
      const alone: SoupSettings = { method: "linear", weights: [0.5, 0.5] };
      await assert.rejects(soupCheckpoints({ of, folder, settings: alone }), {
        name: "SoupError",
        message: /has 2 weights, for 3 models \(sft-0, sft-1, sft-2\)/,
      });
      await assert.rejects(soupCheckpoints({ of, folder, settings: GREEDY }), /needs a held-out score/);
      await writeContent(of[2] ?? "", { ...content((i) => i), tokenizer: {} });
      await assert.rejects(
        soupCheckpoints({ of, folder, settings: { method: "uniform" } }),
        /sft-2: compare: tokenizer\.json/,
      );
      await assert.rejects(fs.access(folder));
    });
  });

  it("keeps the models' type", async () => {
    await inTemporaryFolder(async (root) => {
      const of = await Promise.all(
        [0, 1].map((m) =>
          writeContent(
            path.join(root, String(m)),
            content((i) => i + m, "BF16"),
          ),
        ),
      );
      const folder = path.join(root, "soup");
      await soupCheckpoints({ of, folder, settings: { method: "uniform" } });
      // i + 0.5 has at most 6 significant bits below 24: bfloat16 holds it.
      assert.deepEqual((await tensorsOf(folder)).get("model.norm.weight"), Float32Array.of(24.5, 25.5, 26.5, 27.5));
      const weights = await openSafetensors(path.join(folder, "model.safetensors"));
      assert.equal(weights.tensors.get("model.norm.weight")?.dtype, "BF16");
      await weights.close();
    });
  });

  it("stores the type that is asked for, says so in config.json, and keeps its numbers as they are spelled", async () => {
    await withModels(async (of, folder) => {
      const config = path.join(of[0] ?? "", "config.json");
      await fs.writeFile(config, '{ "a": 1.0, "big": 1000000000000000019884624838656, "dtype": "float32" }');
      await fs.copyFile(config, path.join(of[1] ?? "", "config.json"));
      await soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "uniform" }, saveAs: "BF16" });
      const written = await fs.readFile(path.join(folder, "config.json"), "utf8");
      assert.equal(written, '{\n  "a": 1.0,\n  "big": 1000000000000000019884624838656,\n  "dtype": "bfloat16"\n}\n');
      await soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "uniform" } });
      assert.equal(await fs.readFile(path.join(folder, "config.json"), "utf8"), await fs.readFile(config, "utf8"));
    });
  });

  it("leaves nothing of another checkpoint's tokenizer in the folder, and takes along all of the first one's", async () => {
    await withModels(async (of, folder) => {
      await writeContent(folder, { ...content(() => 0), generationConfig: {}, chatTemplate: "old" });
      await fs.writeFile(path.join(folder, "vocab.json"), "{}");
      await fs.writeFile(path.join(folder, "model.safetensors.index.json"), "{}");
      await fs.writeFile(path.join(of[0] ?? "", "special_tokens_map.json"), "{ }");
      await soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "uniform" } });
      const names = ["config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json"];
      assert.deepEqual((await fs.readdir(folder)).sort(), names);
    });
  });

  it("leaves the folder as it was when the result would not be finite", async () => {
    await withModels(async (of, folder) => {
      const { tensors } = content((i) => (i === 30 ? NaN : i));
      await writeSafetensors(path.join(of[1] ?? "", "model.safetensors"), tensors);
      await writeContent(
        folder,
        content(() => 7),
      );
      await assert.rejects(soupCheckpoints({ of: of.slice(0, 2), folder, settings: { method: "uniform" } }), {
        message: /sft-1.*tensor lm_head\.weight: mix: holds numbers that are not finite/,
      });
      assert.equal((await tensorsOf(folder)).get("lm_head.weight")?.[0], 7);
    });
  });
});
