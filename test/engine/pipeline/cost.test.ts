import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { cardMemory } from "../../../engine/compute/backends/cuda/encode.ts";
import type { Program } from "../../../engine/compute/graph/program.ts";
import type { WeightType } from "../../../engine/compute/graph/dtype.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { type Graph, bytesOf, defined, sizeOf } from "../../../engine/compute/graph/tensor.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import { parameterCount, trainableParameters } from "../../../engine/models/index.ts";
import { ppoSettings } from "../../../engine/pipeline/armSettings.ts";
import {
  type PlannedCost,
  NO_COST,
  readingCost,
  responseLengths,
  trainingCost,
} from "../../../engine/pipeline/cost.ts";
import { memoryOf } from "../../../engine/pipeline/plan.ts";
import type { Cost, CostFacts, DataFile } from "../../../engine/pipeline/stage.ts";
import { answers } from "../../../engine/pipeline/stages/answers.ts";
import { rewardModel } from "../../../engine/pipeline/stages/rewardModel.ts";
import { rlhf } from "../../../engine/pipeline/stages/rlhf.ts";
import { sft } from "../../../engine/pipeline/stages/sft.ts";
import { ppoStep } from "../../../engine/rl/ppoStep.ts";
import { PromptFormat, wordLevelTokenizer } from "../../../engine/text/index.ts";
import { type LossNodes, TrainState, sftLoss } from "../../../engine/training/index.ts";
import { interpreter } from "../../ptx/driver.ts";
import { PICO, PICO_FAMILIES } from "../models/pico.ts";
import { tiny } from "./tinyRun.ts";

const SHAPE = { batchSize: 16, length: 32 };
const ROLLOUTS = { batchSize: 16, queryLength: 16, responseLength: 16 };
/** Memory is counted in pieces of 256 bytes, and lists of a pico model's few numbers are not halved. */
const SLACK = 1.3;

function training(model: typeof PICO, precision?: WeightType): PlannedCost {
  const loss = (graph: Graph): LossNodes => sftLoss(graph, model, SHAPE);
  return trainingCost({
    ...{ model, heads: ["language"], shape: SHAPE, loss, gradientAccumulation: 1, tokens: 1 },
    ...{ recomputation: "cheap", ...(precision && { precision }) },
  });
}

describe("the cost of answers", () => {
  it("counts both models as the run's checkpoints hold them, or as the config says", () => {
    const bytes = (stored?: WeightType, frozenWeights?: "bf16"): number => {
      const runtime = frozenWeights && { runtime: { frozenWeights } };
      const config = parseConfig(JSON.stringify(tiny({ ...runtime })), "tiny.salsa.json");
      const of = { benchmark: "inDistribution", isValidation: false, seed: 1 };
      const facts = { model: PICO, files: {}, counts: {}, recomputation: "cheap", ...(stored && { stored }) } as const;
      return answers.cost(answers.select(config, of), facts).memoryBytes;
    };
    // Two models on the device, and one on its way there.
    assert.equal(bytes() - bytes("bf16"), 3 * 2 * parameterCount(PICO));
    assert.equal(bytes("f32"), bytes());
    assert.equal(bytes("f32", "bf16"), bytes("bf16"));
  });

  it("grows with the prompts that are answered: a benchmark's, or those kept back of a file", () => {
    const config = parseConfig(JSON.stringify(tiny()), "tiny.salsa.json");
    const flops = (isValidation: boolean, rows: number): number => {
      const of = { benchmark: "inDistribution", isValidation, seed: 1 };
      return answers.cost(answers.select(config, of), { ...ownFacts, files: { data: dataFile(rows) } }).flops;
    };
    assert.equal(flops(false, 8) * 2, flops(false, 16));
    assert.equal(flops(false, 1000), flops(false, 16), "no more than the config asks for");
    assert.equal(flops(true, 1000), flops(false, 16));
    assert.ok(flops(true, 16) < flops(false, 16) / 2, "most of a small file is learned from");
  });
});

describe("the cost of work on a source that keeps records back itself", () => {
  it("goes by how many it keeps, whatever their share of a file would be", () => {
    const prompts = { from: "c.jsonl", validation: 0.3 };
    const data = { sft: { from: "a.jsonl", validation: 0.3 }, preferences: "b.jsonl", prompts };
    const evaluation = { validationPrompts: 500 };
    const config = parseConfig(JSON.stringify({ data, evaluation, model: { checkpoint: "m" } }), "own.salsa.json");
    const flops = (cost: (facts: CostFacts) => Cost, rows: number, kept?: number): number =>
      cost({ ...ownFacts, files: { data: { ...dataFile(rows), ...(kept !== undefined && { kept }) } } }).flops;
    const training = (facts: CostFacts): Cost => sft.cost(sft.select(config, { seed: 1, sftSeed: 1 }), facts);
    assert.equal(flops(training, 1000, 300) / flops(training, 1000, 650), 2);
    const of = { benchmark: "validation", isValidation: true, seed: 1 };
    const answering = (facts: CostFacts): Cost => answers.cost(answers.select(config, of), facts);
    assert.equal(flops(answering, 1000, 300) / flops(answering, 1000), 3, "a tenth of a file that keeps none itself");
  });
});

const ownFacts = { model: PICO, files: {}, counts: {}, recomputation: "cheap" } as const;
const dataFile = (rows: number): DataFile => ({ path: "a.jsonl", fingerprint: "", rows, longestRow: 60 });

describe("the cost of training on data of one's own, without a count in the config", () => {
  const data = { sft: "a.jsonl", preferences: "b.jsonl", prompts: "c.jsonl" };
  const config = parseConfig(JSON.stringify({ data, model: { checkpoint: "m" } }), "own.salsa.json");

  it("grows with the lines of the file, for SFT and the reward model alike", () => {
    const flopsOf = {
      sft: (facts: CostFacts) => sft.cost(sft.select(config, { seed: 1, sftSeed: 1 }), facts).flops,
      reward: (facts: CostFacts) => rewardModel.cost(rewardModel.select(config, { seed: 1 }), facts).flops,
    };
    for (const [name, flops] of Object.entries(flopsOf)) {
      const [few, many] = [6400, 64_000].map((rows) => flops({ ...ownFacts, files: { data: dataFile(rows) } }));
      assert.ok(few !== undefined && few > 0, name);
      assert.ok(Math.abs((many ?? NaN) / few - 10) < 0.1, `${name}: ${few}, ${many}`);
    }
  });
});

describe("the memory of training on data of one's own", () => {
  const data = { sft: "a.jsonl", preferences: "b.jsonl", prompts: "c.jsonl" };
  const config = parseConfig(JSON.stringify({ data, model: { checkpoint: "m" } }), "own.salsa.json");
  const memoryOf: Readonly<Record<string, (facts: CostFacts) => number>> = {
    sft: (facts) => sft.cost(sft.select(config, { seed: 1, sftSeed: 1 }), facts).memoryBytes,
    reward: (facts) => rewardModel.cost(rewardModel.select(config, { seed: 1 }), facts).memoryBytes,
    ppo: (facts) => rlhf.cost(rlhf.select(config, { arm: "ppo", beta: 0.1, seed: 1 }), facts).memoryBytes,
  };

  for (const [name, memory] of Object.entries(memoryOf)) {
    it(`counts a few dozen bytes a line in ${name}, and not its text`, () => {
      const at = (rows: number): number => memory({ ...ownFacts, files: { data: dataFile(rows) } });
      // By then as much of the text is on its way as ever is.
      const [few, many] = [at(2_000_000), at(3_000_000)];
      const each = (many - few) / 1_000_000;
      assert.ok(each >= 8 && each < 60, `${each} bytes a line`);
      assert.ok(few - at(2) > 2_000_000 * each, "some of the text is on its way");
    });
  }
});

describe("costs in bf16", () => {
  for (const model of PICO_FAMILIES) {
    it(`of training and reading ${model.architecture} are planned by the types of their programs`, () => {
      const [wide, narrow] = [training(model, "f32"), training(model, "bf16")];
      assert.deepEqual(training(model), wide);
      assert.ok(narrow.arenaBytes < (SLACK * wide.arenaBytes) / 2 + 4 * parameterCount(model), `${narrow.arenaBytes}`);
      const read = (precision: WeightType): PlannedCost =>
        readingCost(model, { models: 2, tokens: 1, generated: ROLLOUTS, scored: ROLLOUTS, precision });
      assert.ok(read("bf16").memoryBytes < read("f32").memoryBytes);
    });
  }

  it("count a bf16 copy of every trained matrix beside weights and moments", () => {
    const [wide, narrow] = [training(PICO, "f32"), training(PICO, "bf16")];
    const held = ({ memoryBytes, arenaBytes }: PlannedCost): number => memoryBytes - arenaBytes;
    const vectors = 5 * PICO.hiddenSize;
    assert.equal(held(narrow) - held(wide), 2 * (parameterCount(PICO) - vectors));
  });
});

describe("the memory of savepoints", () => {
  for (const precision of ["f32", "bf16"] as const) {
    it(`is that of all which is written of a training in ${precision}`, async () => {
      const backend = new CudaBackend(interpreter.open(0), { precision });
      const shapes = [...trainableParameters(PICO, ["language"])];
      const zeros = new Map(shapes.map(([name, shape]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]));
      const state = TrainState.create(backend, zeros);
      const buffers = [...state.fetched().values()].map(({ deviceBuffer }) => defined(deviceBuffer));
      const bytes = buffers.reduce((sum, buffer) => sum + bytesOf(buffer), 0);
      assert.equal(training(PICO, precision).savepointBytes, bytes);
      state.release();
      await backend.close();
    });
  }

  it("counts a critic of its own as it does the policy, and a reference that moves without moments", () => {
    const ppo = (arm: object): number => {
      const config = parseConfig(JSON.stringify(tiny({ arms: { ppo: arm } })), "tiny.salsa.json");
      return rlhf.cost(rlhf.select(config, { arm: "ppo", beta: 0.1, seed: 1 }), ownFacts).savepointBytes ?? 0;
    };
    const one = ppo({});
    assert.ok(one > 12 * parameterCount(PICO) && one < 13 * parameterCount(PICO), `${one}`);
    const critic = ppo({ critic: "separate" });
    assert.ok(critic > 1.9 * one && critic < 2.1 * one, `${critic} and ${one}`);
    assert.ok(Math.abs(ppo({ movingReference: "ema" }) - one - one / 3) < 1);
  });
});

describe("the memory that a plan shows", () => {
  const roles = { policy: 10, optimizer: 20, other: 5 };
  const cost: Cost = { ...NO_COST, memoryBytes: 35, memoryByRole: roles, savepointBytes: 30 };

  it("has the host's copies for savepoints on a card, and only there", () => {
    assert.deepEqual(memoryOf(cost, false), { memoryBytes: 35, memoryByRole: roles });
    assert.deepEqual(memoryOf(cost, true), { memoryBytes: 65, memoryByRole: { ...roles, other: 35 } });
    assert.deepEqual(memoryOf({ ...NO_COST, memoryBytes: 7 }, true), { memoryBytes: 7 });
  });
});

describe("the cost of models that are large", () => {
  /** Of two embeddings: 37 MiB in f32. */
  const model = { ...PICO, vocabularySize: 300_000 };
  const bytes = 4 * parameterCount(model);
  const ppo = (reference: number, arm: object = {}, of: CostFacts["model"] = model): Cost => {
    const config = parseConfig(
      JSON.stringify(tiny({ arms: { ppo: { minibatchSize: 4, ...arm } } })),
      "tiny.salsa.json",
    );
    const slice = rlhf.select(config, { arm: "ppo", beta: 0.1, seed: 1 });
    return rlhf.cost(slice, { ...ownFacts, model: of, counts: { reference } });
  };

  it("counts of PPO those that score together, and not while the policy learns", () => {
    const [one, four] = [ppo(1), ppo(4)];
    assert.equal(four.memoryBytes, one.memoryBytes, "one after the other");
    assert.equal(four.cardBytes, one.cardBytes);
    const { reference, reward, policy = 0 } = one.memoryByRole ?? {};
    assert.deepEqual([reference, reward], [undefined, undefined], "the policy's learning takes most");
    assert.ok(policy >= bytes);
    for (const arm of [{ klKind: "full" }, { referenceMix: "logSpace", reference: ["sft-1", "sft-2"] }])
      assert.ok(ppo(20, arm).memoryBytes - four.memoryBytes > 10 * bytes, JSON.stringify(arm));
    const small = (count: number): number => ppo(count, {}, PICO).memoryBytes;
    assert.equal(small(4) - small(1), 3 * 4 * parameterCount(PICO), "small ones stay");
  });

  it("counts of answers the model that speaks or the one that scores", () => {
    const config = parseConfig(JSON.stringify(tiny()), "tiny.salsa.json");
    const of = { benchmark: "inDistribution", isValidation: false, seed: 1 };
    const { memoryByRole = {}, memoryBytes } = answers.cost(answers.select(config, of), { ...ownFacts, model });
    assert.deepEqual([memoryByRole.policy, memoryByRole.reward], [bytes, undefined]);
    const sum = Object.values(memoryByRole).reduce((total, one) => total + one, 0);
    assert.ok(Math.abs(sum - memoryBytes) < 1);
  });
});

/** Compiles nothing, and says what a card would hold of the program. */
const noting = {
  precision: "f32",
  compile(program: Program): never {
    throw new Error("compiled", { cause: cardMemory(program).arenaBytes });
  },
} as unknown as Backend;

describe("memory by role", () => {
  const facts = { ...ownFacts, model: PICO, counts: { reference: 2 } };
  const config = (critic: "valueHead" | "separate"): ReturnType<typeof parseConfig> =>
    parseConfig(JSON.stringify(tiny({ arms: { ppo: { critic, minibatchSize: 4 } } })), "tiny.salsa.json");
  const costOf = (critic: "valueHead" | "separate"): Cost => {
    return rlhf.cost(rlhf.select(config(critic), { arm: "ppo", beta: 0.1, seed: 1 }), facts);
  };

  it("adds up to all of it, in every stage that knows it", () => {
    const of = { benchmark: "inDistribution", isValidation: false, seed: 1 };
    const costs = [
      ...[costOf("valueHead"), costOf("separate"), training(PICO), training(PICO, "bf16")],
      answers.cost(answers.select(config("separate"), of), facts),
    ];
    for (const { memoryBytes, memoryByRole = {} } of costs) {
      const sum = Object.values(memoryByRole).reduce((total, bytes) => total + bytes, 0);
      assert.ok(Math.abs(sum - memoryBytes) < 1, `${sum} of ${memoryBytes}`);
      assert.ok((memoryByRole.other ?? 0) > 0, "the host's tokenizer");
    }
  });

  it("of PPO counts on a card all that the program holds which learns policy and critic together", async () => {
    const of = async (
      critic: "valueHead" | "separate",
    ): Promise<{ readonly planned: number; readonly arena: number }> => {
      const written = tiny({ arms: { ppo: { critic, minibatchSize: 64, batchSize: 64 } } });
      const config = parseConfig(JSON.stringify(written), "tiny.salsa.json");
      const slice = rlhf.select(config, { arm: "ppo", beta: 0.1, seed: 1 });
      const format = new PromptFormat(wordLevelTokenizer(["a"]));
      const lengths = responseLengths(slice.task, PICO, {
        longestRow: undefined,
        maxNewTokens: slice.arm.maxNewTokens,
      });
      const settings = {
        ...ppoSettings(slice.arm, { ...lengths, format, seed: 1 }),
        recomputation: facts.recomputation,
      };
      const models = critic === "separate" ? { policy: PICO, critic: PICO } : { policy: PICO };
      const state = { step: 0, variables: {} } as TrainState;
      const arena = await ppoStep(noting, models, settings)
        .run(state, [{}], 0)
        .catch((error: unknown) => (error as Error).cause);
      return { planned: rlhf.cost(slice, facts).cardBytes, arena: Number(arena) };
    };
    const [shared, separate] = [await of("valueHead"), await of("separate")];
    assert.ok(separate.arena > 1.5 * shared.arena, `${separate.arena} beside ${shared.arena}`);
    assert.ok(separate.planned - shared.planned >= separate.arena - shared.arena);
    assert.ok(separate.planned < 2 * shared.planned);
  });

  it("of PPO counts each reference, the reward model, and a critic of its own with its moments", () => {
    const weights = 4 * parameterCount(PICO);
    const [shared, separate] = [costOf("valueHead").memoryByRole ?? {}, costOf("separate").memoryByRole ?? {}];
    assert.deepEqual([shared.reference, shared.reward, shared.critic], [2 * weights, weights, undefined]);
    assert.equal(separate.critic, separate.policy);
    assert.equal(separate.optimizer, 2 * (shared.optimizer ?? 0));
    assert.equal(shared.optimizer, 2 * (shared.policy ?? 0), "two moments");
    assert.ok((separate.activations ?? 0) > (shared.activations ?? 0));
  });

  it("of a reward model has no policy", () => {
    const reward = rewardModel.cost(rewardModel.select(config("valueHead"), { seed: 1 }), ownFacts);
    assert.ok((reward.memoryByRole?.reward ?? 0) > 0 && reward.memoryByRole?.policy === undefined);
  });
});
