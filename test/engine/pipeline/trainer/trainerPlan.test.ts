import assert from "node:assert/strict";
import { type RunConfig, parseConfig } from "../../../../engine/config/index.ts";
import {
  type PlacedStage,
  assertTrainable,
  placementOf,
  trainerPlan,
} from "../../../../engine/pipeline/trainer/trainerPlan.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { planPipeline } from "../../../../engine/pipeline/index.ts";
import { resolved, runTiny, tiny } from "../tinyRun.ts";

const SHAPE = { nLayers: 32, hiddenSize: 4096, vocabularySize: 32_000, maxPositions: 4096 };
const GB = 2 ** 30;

function config(changes: object = {}): RunConfig {
  const written = {
    preset: "llama2-7b",
    data: { sft: "s.jsonl", preferences: "p.jsonl", prompts: "q.jsonl" },
    model: { checkpoint: "base" },
    rlhf: { klController: "fixed" },
    runtime: { cluster: { address: "http://head:8265", trainer: {} }, gradientCheckpointing: true },
    ...changes,
  };
  return parseConfig(JSON.stringify(written), "/w/large.salsa.json");
}

/** A stage of a 7B model that takes so much of a card, and who trains it. */
function stage(
  of: RunConfig,
  [id, kind, gigabytes]: readonly [id: string, kind: string, gigabytes: number],
  cached = false,
): PlacedStage & { readonly cached: boolean } {
  const info = { id, kind, title: kind, product: id, role: "result" as const, makes: "model" as const, inputs: [] };
  const cost = { parameters: 6.74e9, cardBytes: gigabytes * GB };
  return { ...info, cached, placement: placementOf(info, cost, { config: of, model: SHAPE }) };
}

describe("the plan of who trains a run's stages", () => {
  it("says for every stage that is still to be made who trains it, on what, and why", () => {
    const of = config();
    const stages = [
      stage(of, ["sft-1", "sft", 130]),
      stage(of, ["sft-2", "sft", 130]),
      stage(of, ["reward", "reward", 60]),
      stage(of, ["soup", "soup", 0]),
      stage(of, ["ppo", "rlhf", 160], true),
      stage(of, ["salsa", "rlhf", 160]),
    ];
    const { lines, isPossible } = trainerPlan(of, stages);
    assert.ok(isPossible);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("OpenRLHF: ")),
      [
        "sft-1, sft-2: OpenRLHF 0.11.2, since it takes 130 GB on one card, more than a card of 80 GB holds; 56 GB on each of 2 cards",
        "reward: this engine, since it takes 60 GB on one card, and a card of 80 GB holds that",
        "salsa: OpenRLHF 0.11.2, since it takes 160 GB on one card, more than a card of 80 GB holds; 40 GB on each of 4 cards",
      ],
    );
    const differences = lines.filter((line) => line.startsWith("OpenRLHF: "));
    assert.ok(differences.some((line) => line.includes("clamped to ±10")));
    // The reward model is trained here.
    assert.ok(!differences.some((line) => line.includes("called score")));
    assert.equal(new Set(differences).size, differences.length);
  });

  it("names the arms, and the values of a grid, that a difference holds for where they differ in it", () => {
    const ratioThreshold = { grid: [5, 20] };
    const of = config({ arms: { ppo: { valueCoefficient: 0.3 }, salsa: { reference: "soup", ratioThreshold } } });
    const names = ["ppo", "salsa_ratioThreshold5", "salsa_ratioThreshold20"];
    assert.deepEqual(Object.keys(of.arms), names);
    const { lines } = trainerPlan(
      of,
      names.map((name) => stage(of, [name, "rlhf", 160])),
    );
    const exceeds = (threshold: number): string =>
      `minibatches whose policy ratio exceeds ratioThreshold ${threshold} are learned from all the same`;
    const noEffect = (coefficient: number): string =>
      `valueCoefficient ${coefficient} has no effect: the critic has a loss of its own`;
    assert.deepEqual(
      lines.filter((line) => line.startsWith("OpenRLHF: ") && /ratioT|valueC|clamped to ±10/.test(line)),
      [
        "OpenRLHF: the KL penalty is clamped to ±10 a token (models/utils.py:563)",
        `OpenRLHF: ppo: ${exceeds(10)}`,
        `OpenRLHF: ppo: ${noEffect(0.3)}`,
        `OpenRLHF: salsa_ratioThreshold5: ${exceeds(5)}`,
        `OpenRLHF: salsa_ratioThreshold5, salsa_ratioThreshold20: ${noEffect(0.1)}`,
        `OpenRLHF: salsa_ratioThreshold20: ${exceeds(20)}`,
      ],
    );
  });

  it("refuses what OpenRLHF would have to do and cannot, and only that", () => {
    const several = config({ arms: { mkl: { reference: ["sft-1", "sft-2"] }, salsa: { reference: "soup" } } });
    const stages = [stage(several, ["mkl", "rlhf", 160]), stage(several, ["salsa", "rlhf", 160])];
    const { lines, isPossible } = trainerPlan(several, stages);
    assert.equal(isPossible, false);
    assert.ok(
      lines.some((line) => /^refused: arms\.mkl\.reference: has 2 models.*; name one/.test(line)),
      lines.join("\n"),
    );
    assert.throws(() => assertTrainable(several, stages), /^DataError: arms\.mkl\.reference: has 2 models.*; name one/);
    const small = [stage(several, ["mkl", "rlhf", 8]), stage(several, ["salsa", "rlhf", 8])];
    assert.deepEqual(trainerPlan(several, small), {
      lines: ["mkl, salsa: this engine, since it takes 8 GB on one card, and a card of 80 GB holds that"],
      isPossible: true,
    });
    // An arm that this engine trains may do more than one that OpenRLHF does.
    const mixed = [stage(several, ["mkl", "rlhf", 8]), stage(several, ["salsa", "rlhf", 160])];
    assert.ok(trainerPlan(several, mixed).isPossible);
    assert.doesNotThrow(() => assertTrainable(several, mixed));
  });

  it("refuses to halve arms that OpenRLHF would train, and halves those that fit on one card", () => {
    const beta = { grid: [0.05, 0.1] };
    const halved = config({ halving: { rungs: 1 }, arms: { ppo: {}, salsa: { reference: "soup", beta } } });
    const of = (ppo: number, swept: number): PlacedStage[] => [
      stage(halved, ["ppo", "rlhf", ppo]),
      stage(halved, ["salsa_beta0.05", "rlhf", swept]),
    ];
    assert.doesNotThrow(() => assertTrainable(halved, of(8, 8)));
    // Arms that are not swept go through at once.
    assert.doesNotThrow(() => assertTrainable(halved, of(160, 8)));
    assert.throws(() => assertTrainable(halved, of(8, 160)), /^DataError: halving: needs arms that this engine trains/);
  });

  it("takes the trainer that the config names for a kind of stage, and says so", () => {
    const trainer = { use: { sft: "own", rlhf: "openrlhf" } };
    const beta = { grid: [0.05, 0.1] };
    const cluster = { address: "http://head:8265", trainer };
    const of = config({ runtime: { cluster, gradientCheckpointing: true } });
    const stages = [
      stage(of, ["sft-1", "sft", 130]),
      stage(of, ["reward", "reward", 60]),
      stage(of, ["salsa", "rlhf", 8]),
    ];
    assert.deepEqual(
      trainerPlan(of, stages).lines.filter((line) => !line.startsWith("OpenRLHF: ")),
      [
        'sft-1: this engine, since runtime.cluster.trainer.use.sft is "own"',
        "reward: this engine, since it takes 60 GB on one card, and a card of 80 GB holds that",
        'salsa: OpenRLHF 0.11.2, since runtime.cluster.trainer.use.rlhf is "openrlhf"; 40 GB on each of 4 cards',
      ],
    );
    // Policies alone are halved: SFTs and reward models may go there.
    const halving = { halving: { rungs: 1 }, arms: { ppo: {}, salsa: { reference: "soup", beta } } };
    const others = { use: { sft: "openrlhf", reward: "openrlhf", rlhf: "own" } };
    assert.doesNotThrow(() => config({ ...halving, runtime: { cluster: { ...cluster, trainer: others } } }));
  });

  it("says for Molt on which cards it samples and scores, what it does otherwise, and who makes the reward model", () => {
    const cluster = { address: "http://head:8265", trainer: { use: "molt" } };
    const of = config({ runtime: { cluster, gradientCheckpointing: true } });
    const stages = [
      stage(of, ["sft-1", "sft", 130]),
      stage(of, ["reward", "reward", 60]),
      stage(of, ["salsa", "rlhf", 160]),
    ];
    const { lines, isPossible } = trainerPlan(of, stages);
    assert.ok(isPossible);
    assert.deepEqual(lines.slice(0, 3), [
      'sft-1: Molt 0.2.1, since runtime.cluster.trainer.use is "molt"; 56 GB on each of 2 cards',
      "reward: this engine, since Molt trains no such models, and it takes 60 GB on one card, and a card of 80 GB holds that",
      'salsa: Molt 0.2.1, since runtime.cluster.trainer.use is "molt"; 62 GB on each of 4 cards, 1 card to sample and one to score',
    ]);
    assert.ok(lines.slice(3).every((line) => line.startsWith("Molt: ")));
    assert.ok(lines.some((line) => line.includes("starts as the policy does")));
    // Refusals name the trainer that lacks something.
    const linear = config({ runtime: { cluster, gradientCheckpointing: true } });
    const straight = { ...linear, sft: { ...linear.sft, schedule: "linear" as const } };
    assert.match(
      trainerPlan(straight, stages).lines.find((line) => line.startsWith("refused: ")) ?? "",
      /^refused: sft\.schedule: is "linear", which Molt lacks/,
    );
  });

  it("says what is missing where a stage fits nowhere", () => {
    const few = config({ runtime: { cluster: { address: "http://head:8265", trainer: { cardsPerNode: 1 } } } });
    const stages = [stage(few, ["salsa", "rlhf", 160])];
    const { lines, isPossible } = trainerPlan(few, stages);
    assert.equal(isPossible, false);
    assert.throws(
      () => assertTrainable(few, stages),
      /^DataError: runtime\.cluster\.trainer: nobody can train salsa: .*; set/,
    );
    assert.match(lines[0] ?? "", /^salsa: nobody: .* of 1 cards; set runtime\.cluster\.trainer\.nodes, cardsPerNode/);
  });

  it("is made of a real plan", async () => {
    await inTemporaryFolder(async (folder) => {
      const asked = resolved(
        tiny({
          rlhf: { klController: "fixed" },
          runtime: { cluster: { address: "http://head:8265", trainer: { use: "openrlhf", cardsPerNode: 4 } } },
        }),
        folder,
      );
      const stages = await planPipeline(asked, { runsRoot: asked.runtime.directory });
      const { lines, isPossible } = trainerPlan(asked, stages);
      assert.ok(isPossible, lines.join("\n"));
      const sent = lines.filter((line) => line.includes("OpenRLHF 0.11.2, since runtime.cluster.trainer.use"));
      assert.deepEqual(
        sent.map((line) => line.split(":")[0]),
        ["sft-1, sft-2, reward, ppo, salsa"],
      );
      const places = new Map(stages.map(({ id, runsOn }) => [id, runsOn]));
      assert.deepEqual(
        ["base", "sft-1", "soup", "salsa", "salsa vs ppo on inDistribution"].map((id) => places.get(id)),
        ["Ray, 1 GPU and 1 CPU", "OpenRLHF, 1 card", "Ray, 1 GPU and 1 CPU", "OpenRLHF, 1 card", "the run's process"],
      );
      // Artifacts of the two trainers never mix, and neither do those that come of them.
      const own = await planPipeline(resolved(tiny({ rlhf: { klController: "fixed" } }), folder), {
        runsRoot: asked.runtime.directory,
      });
      const same = own.filter(({ id, key }) => stages.some((other) => other.id === id && other.key === key));
      assert.deepEqual(
        same.map(({ id }) => id),
        ["base"],
      );
    });
  });

  it("ends a run that OpenRLHF would have to train and cannot, before the cluster is asked for anything", async () => {
    await inTemporaryFolder(async (folder) => {
      // Nobody answers there, which nobody finds out.
      const cluster = { address: "http://127.0.0.1:9", trainer: { cardMemory: 1e-6, cardsPerNode: 2 } };
      const settings = tiny({ rlhf: { klController: "fixed" }, runtime: { cluster } });
      await assert.rejects(
        runTiny(settings, folder),
        /^DataError: runtime\.cluster\.trainer: nobody can train sft-1: /,
      );
      const several = { mkl: { reference: ["sft-1", "sft-2"] } };
      const sent = { ...cluster, trainer: { use: "auto", cardMemory: 40 } };
      await assert.rejects(
        runTiny({ ...settings, arms: several, runtime: { cluster: sent } }, folder),
        /Ray at http:\/\/127\.0\.0\.1:9: cannot be reached/,
      );
    });
  });
});
