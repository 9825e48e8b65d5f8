import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type ModelConfig, type Weights, merged, parameterCount } from "../../../engine/models/index.ts";
import { generateResponses, makeSoup, mergeAdapter } from "../../../engine/pipeline/checkpointWork.ts";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { baseFacts } from "../../../engine/pipeline/plan.ts";
import { rlhf } from "../../../engine/pipeline/stages/rlhf.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";
import { type MeasureRequest, measureFigure } from "../../../engine/pipeline/figures/measuring/measure.ts";
import { type NamedFolder, type Plane, planeOf } from "../../../engine/pipeline/figures/measuring/plane.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { type MeasuredSoup, readFigurePoints } from "../../../engine/storage/formats/figurePoints.ts";
import { type TinyRun, type Written, artifactHashes, artifactOf, metricOf, runTiny, tiny } from "./tinyRun.ts";

const SIGNAL = new AbortController().signal;
/** Rounded once more than the other side, at most twice: numbers of size 1. */
const ROUNDING = 1e-6;

/** Every recipe that stays low-rank, and every role that a soup or the base may have. */
const SOUPS = {
  soup: { method: "linear", alpha: 0.25 },
  part: { method: "linear", of: ["base", "sft-2"], alpha: 0.5 },
  best: { method: "greedy", score: "loss" },
  trained: { method: "learned", steps: 2, batchSize: 8 },
  stock: { method: "modelStock", of: ["base", "sft-1", "sft-2"] },
};

describe("a run with adapters", function () {
  this.timeout(240_000);
  let folder: string;
  let base: string;
  let run: TinyRun;
  let written: Written;
  let adapterModel: ModelConfig;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-adapters-"));
    const made = await runTiny(
      tiny({
        // Two blocks, of which the first can be computed again.
        model: { architecture: { hiddenSize: 16, nLayers: 2, nHeads: 2 } },
        evaluation: { prompts: 4 },
        rlhf: { iterations: 1 },
      }),
      path.join(folder, "base"),
    );
    base = artifactOf(made, "base");
    written = tiny({
      model: { architecture: undefined, pretrain: undefined, checkpoint: base, lora: { rank: 4, alpha: 8 } },
      sft: { learningRate: 1e-2 },
      soups: SOUPS,
      rlhf: { maxNewTokens: 12, learningRate: 1e-2 },
      arms: { ppo: { reference: "sft-1" }, salsa: { reference: ["soup", "base"], critic: "separate", klKind: "full" } },
      evaluation: { prompts: 4, sampling: { maxNewTokens: 12 } },
    });
    run = await runTiny(written, path.join(folder, "run"));
    adapterModel = (await baseFacts(run.config)).model;
  });
  after(() => fs.rm(folder, { recursive: true }));

  const of = (stage: string): string => artifactOf(run, stage);

  async function tensorsIn(file: string): Promise<ReadonlyMap<string, readonly number[]>> {
    const weights = await openSafetensors(file);
    await weights.close();
    return new Map([...weights.tensors].map(([name, { shape }]) => [name, shape]));
  }

  it("leaves adapters in PEFT's form, and nothing of the base", async () => {
    for (const [stage, rank] of [
      ["sft-1", 4],
      ["soup", 8],
      ["part", 4],
      ["reward", 4],
      ["salsa", 4],
    ] as const) {
      const files = (await fs.readdir(of(stage))).filter((name) => !["manifest.json", "reward.json"].includes(name));
      const known = ["adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json"];
      assert.deepEqual(files.sort(), known, stage);
      const settings = JSON.parse(await fs.readFile(path.join(of(stage), "adapter_config.json"), "utf8")) as object;
      const isReward = stage === "reward";
      assert.deepEqual(
        { ...settings },
        {
          base_model_name_or_path: base,
          bias: "none",
          fan_in_fan_out: false,
          inference_mode: true,
          init_lora_weights: true,
          lora_alpha: stage === "part" || stage === "soup" ? rank : 8,
          lora_dropout: 0,
          modules_to_save: isReward ? ["classifier", "score"] : null,
          peft_type: "LORA",
          r: rank,
          target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
          task_type: isReward ? "SEQ_CLS" : "CAUSAL_LM",
          use_dora: false,
          use_rslora: false,
        },
      );
      const tensors = await tensorsIn(path.join(of(stage), "adapter_model.safetensors"));
      const own = [...tensors.keys()].filter(
        (name) => !/^base_model\.model\.model\.layers\.[01]\..*\.lora_[AB]\.weight$/.test(name),
      );
      assert.deepEqual(own, isReward ? ["base_model.model.score.weight"] : []);
      assert.equal(tensors.size - own.length, 2 * 14);
      assert.deepEqual(tensors.get("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"), [rank, 16]);
    }
  });

  it("draws each SFT's A by its own seed, and learns from there", async () => {
    const name = "model.layers.0.self_attn.q_proj.lora_A.weight";
    const [a, b] = [await loadModel(of("sft-1")), await loadModel(of("sft-2"))].map(({ weights }) =>
      dataOf(weights, name),
    );
    assert.ok(a !== undefined && b !== undefined);
    // Six steps of 0.01 on numbers of up to 0.25.
    assert.ok(Math.hypot(...a.map((x, at) => x - (b[at] ?? NaN))) > 0.5);
    const losses = metricOf(run, "sft-1", "sft/loss");
    assert.ok(losses.length > 0 && losses.every((loss) => loss !== null && loss < 4));
  });

  it("makes soups that equal those of the merged models", async () => {
    const wholes = await Promise.all(
      ["sft-1", "sft-2"].map(async (name) => {
        const { config, weights } = await loadModel(of(name));
        return merged(config, weights).weights;
      }),
    );
    const below = (await loadModel(base)).weights;
    const mixtures: readonly (readonly [string, readonly number[]])[] = [
      ["soup", [0.75, 0.25, 0]],
      ["part", [0, 0.5, 0.5]],
    ];
    for (const [name, shares] of mixtures) {
      const { config, weights } = await loadModel(of(name));
      for (const [tensor, { data }] of merged(config, weights).weights) {
        const parts = [...wholes, below].map((one) => dataOf(one, tensor));
        const off = data.map((x, at) =>
          parts.reduce((rest, part, index) => {
            return rest - (shares[index] ?? 0) * (part[at] ?? NaN);
          }, x),
        );
        assert.ok(
          off.every((x) => Math.abs(x) <= ROUNDING),
          `${name} ${tensor}`,
        );
      }
    }
  });

  it("starts the policy at its SFT, and holds it to base and soup", () => {
    const [kl] = metricOf(run, "ppo", "objective/kl");
    assert.ok(Math.abs(kl ?? NaN) < 1e-6, `KL to the start is ${kl}`);
    for (const name of ["objective/kl/soup", "objective/kl/base"]) {
      const [first] = metricOf(run, "salsa", name);
      assert.ok(first !== undefined && first !== 0, name);
    }
  });

  it("says with an adapter what it says with the merged model", async () => {
    const out = path.join(folder, "merged");
    await mergeAdapter({ adapter: of("ppo"), out });
    const settings = {
      prompts: ["reverse: city river time.", "repeat: a b c."],
      seed: 1,
      sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 8 },
      signal: SIGNAL,
    };
    assert.deepEqual(
      await generateResponses({ checkpoint: out, ...settings }),
      await generateResponses({ checkpoint: of("ppo"), ...settings }),
    );
    await assert.rejects(mergeAdapter({ adapter: of("ppo"), out }), /holds a checkpoint already/);
    await assert.rejects(mergeAdapter({ adapter: of("ppo"), out: base }), /is one of the two to be merged/);
    await assert.rejects(mergeAdapter({ adapter: base, out: path.join(folder, "x") }), /no adapter_config\.json/);
  });

  it("is measured for figures: along a line, over a plane, and back to the start", async () => {
    const points = async (request: Pick<MeasureRequest, "figure" | "choices">): Promise<readonly MeasuredSoup[]> => {
      await measureFigure({ folder: run.folder, n: 4, signal: SIGNAL, ...request });
      return (await readFigurePoints(run.folder)).flatMap((one) =>
        one.kind === "point" && one.figure === request.figure ? [one] : [],
      );
    };
    const line = await points({ figure: "line", choices: { from: 0, to: 1, points: 2 } });
    for (const [at, model] of ["sft-1", "sft-2"].entries()) {
      const answers = await readAnswers(of(`${model} on inDistribution`));
      const mean = answers.reduce((sum, { reward }) => sum + reward, 0) / answers.length;
      // The same answers, of the merged model here and of base and adapter there.
      assert.ok(Math.abs((line[at]?.reward ?? NaN) - mean) < 1e-5, `${model}: ${line[at]?.reward} and ${mean}`);
    }
    const plane = await points({ figure: "plane", choices: { models: ["base", "sft-1", "sft-2"], size: 4 } });
    assert.equal(plane.length, 4);
    const warp = await points({ figure: "warp", choices: { models: ["salsa"], points: 2 } });
    assert.ok(Math.abs(warp[0]?.kl ?? NaN) < 1e-6 && (warp[1]?.kl ?? 0) !== 0);
  });

  it("spans the plane that its merged models span", async () => {
    const merge = async (name: string): Promise<NamedFolder> => {
      const out = path.join(folder, `plane-${name}`);
      await mergeAdapter({ adapter: of(name), out });
      return { name, folder: out };
    };
    const named = (name: string): NamedFolder => ({ name, folder: name === "base" ? base : of(name) });
    const corners = ["base", "sft-1", "sft-2"];
    const settings = { size: 4, signal: SIGNAL };
    const low = await planeOf(corners.map(named), [named("ppo")], { ...settings, base });
    const merged = [named("base"), await merge("sft-1"), await merge("sft-2")];
    const full = await planeOf(merged, [await merge("ppo")], settings);
    const numbers = ({ corners, projected }: Plane): readonly number[] =>
      [...corners, ...projected].flatMap(({ x, y }) => [x, y]);
    for (const [at, value] of numbers(low).entries())
      assert.ok(Math.abs(value - (numbers(full)[at] ?? NaN)) < 1e-5, `${value} at ${at}`);
  });

  it("merges a reward model's adapter into a reward model", async () => {
    const out = path.join(folder, "mergedReward");
    await mergeAdapter({ adapter: of("reward"), out });
    const [whole, over] = [await loadModel(out, ["score"]), await loadModel(of("reward"), ["score"])];
    assert.deepEqual(whole.weights.get("score.weight"), over.weights.get("score.weight"));
    assert.equal(whole.config.adapter, undefined);
  });

  it("is written over neither its own folder nor its base, under whatever name", async () => {
    const adapters = [of("sft-1"), of("sft-2")] as const;
    const own = path.join(folder, "ownBase");
    await fs.cp(base, own, { recursive: true });
    const alias = path.join(folder, "alias");
    const over = { base: { folder: own }, force: true };
    for (const read of [adapters[0], own]) {
      await fs.symlink(read, alias);
      for (const out of [read, alias]) {
        await assert.rejects(mergeAdapter({ ...over, adapter: adapters[0], out }), {
          name: "CheckpointError",
          message: /is one of the two to be merged.*; write what is merged to a folder of its own/,
        });
        await assert.rejects(makeSoup({ ...over, method: "uniform", of: adapters, out, signal: SIGNAL }), {
          name: "CheckpointError",
          message:
            /is (one of the checkpoints to be|the base of what is) mixed.*; write the soup to a folder of its own/,
        });
      }
      await fs.rm(alias);
    }
  });

  it("mixes adapters by hand, and refuses what would leave low rank", async () => {
    const [a, b] = [of("sft-1"), of("sft-2")];
    const out = path.join(folder, "byHand");
    await makeSoup({ method: "linear", of: [a, b], alpha: 0.25, out, signal: SIGNAL });
    const name = "adapter_model.safetensors";
    assert.deepEqual(await fs.readFile(path.join(out, name)), await fs.readFile(path.join(of("soup"), name)));
    const elsewhere = path.join(folder, "elsewhere");
    const mix = (of: readonly string[], method: "slerp" | "uniform" = "uniform"): Promise<unknown> =>
      makeSoup({ method, of, out: elsewhere, signal: SIGNAL });
    await assert.rejects(
      mix([a, b], "slerp"),
      /slerp weighs whole models, and these are adapters; use one of "uniform".*merge/,
    );
    await assert.rejects(mix([a, path.join(folder, "merged")]), /merged: is a whole model, and .* an adapter; .*merge/);
    await assert.rejects(mix([a, of("reward")]), /one is of a reward model/);
    await assert.rejects(fs.stat(elsewhere), /ENOENT/);
  });

  it("is planned with its base held once, by all models of PPO together", () => {
    const { config } = run;
    const slice = rlhf.select(config, { arm: "salsa", beta: 0.05, seed: 1 });
    const { adapter, ...bare } = adapterModel;
    const memory = (frozenWeights: "asStored" | "bf16", model: ModelConfig): number => {
      const held = frozenWeights === "bf16" ? { frozenWeights } : {};
      const facts = { model, recomputation: "cheap", files: {}, counts: { reference: 2 } } as const;
      return rlhf.cost({ ...slice, ...held }, facts).memoryBytes;
    };
    assert.ok(adapter);
    assert.equal(memory("asStored", adapterModel) - memory("bf16", adapterModel), 2 * parameterCount(bare));
    // Of whole models: reward model and both references.
    assert.equal(memory("asStored", bare) - memory("bf16", bare), 3 * 2 * parameterCount(bare));
  });

  it("ends with the same bytes when it was stopped and resumed, and computed blocks again", async () => {
    const slow = { ...written, runtime: { threads: 1, checkpointEvery: 2, gradientCheckpointing: true } };
    const again = path.join(folder, "again");
    let resume: string | undefined;
    // In the middle of an SFT, of the reward model and of PPO.
    const at = new Set(["sft-1 3", "reward 3", "salsa 2"]);
    for (let status = ""; status !== "finished";) {
      const stop = new AbortController();
      const attempt = await runTiny(slow, again, {
        signal: stop.signal,
        ...(resume === undefined ? {} : { resume }),
        onEvent: (event) => {
          if (event.kind === "progress" && at.delete(`${event.stage} ${event.step}`)) stop.abort();
        },
      });
      ({ status, id: resume } = attempt);
    }
    assert.equal(at.size, 0);
    assert.deepEqual(
      [...(await artifactHashes(path.join(again, ".salsa")))],
      [...(await artifactHashes(path.join(folder, "run", ".salsa")))],
    );
  });
});

function dataOf(weights: Weights, name: string): Float32Array {
  return weights.get(name)?.data ?? new Float32Array(0);
}
