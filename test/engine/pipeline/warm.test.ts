import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { type TinyRun, type Written, artifactOf, computed, keysOf, metricOf, runTiny, tiny } from "./tinyRun.ts";

/** Sums of three f32 numbers of size 1 and a division, rounded once to f32: a unit in the last place or two. */
const ROUNDING = 2 ** -22;

const SEEDS = [1, 2, 3];

describe("several reward models as one (WARM)", function () {
  this.timeout(240_000);
  let folder: string;
  let run: TinyRun;
  const arms = { arms: { ppo: {} }, rlhf: { iterations: 1 }, evaluation: { prompts: 4, pairs: [["ppo", "sft-1"]] } };

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-warm-"));
    run = await runTiny(tiny({ ...arms, reward: { seeds: SEEDS } }), folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("have the mean of their weights, head included, computed in float64", async () => {
    const mean = await loadModel(artifactOf(run, "reward"), ["score"]);
    const members = await Promise.all(SEEDS.map((seed) => loadModel(artifactOf(run, `reward-${seed}`), ["score"])));
    assert.ok(mean.weights.has("score.weight"));
    for (const [name, { data }] of mean.weights) {
      const own = members.map(({ weights }) => weights.get(name)?.data ?? new Float32Array(0));
      assert.notDeepEqual(own[0], own[1], `${name} of two seeds differs`);
      for (const [at, value] of data.entries()) {
        const expected = own.reduce((sum, one) => sum + (one[at] ?? NaN), 0) / SEEDS.length;
        assert.ok(Math.abs(value - expected) <= ROUNDING * Math.max(1, Math.abs(expected)), `${name}[${at}]`);
      }
    }
  });

  it("start from one head, and are measured on pairs that none of them has seen", async () => {
    const facts = await Promise.all(
      ["reward", ...SEEDS.map((seed) => `reward-${seed}`)].map(async (stage) => {
        const file = path.join(artifactOf(run, stage), "reward.json");
        return JSON.parse(await fs.readFile(file, "utf8")) as { heldOutPairs: number; trainedOn: number };
      }),
    );
    assert.equal(facts[0]?.heldOutPairs, 4);
    for (const one of facts) assert.deepEqual([one.heldOutPairs, one.trainedOn], [4, 36]);
    const [accuracy] = metricOf(run, "reward", "reward/heldOutAccuracy");
    assert.ok(typeof accuracy === "number" && accuracy >= 0 && accuracy <= 1);
  });

  it("reward the arms: the one that stands for them is their input", () => {
    assert.ok(computed(run).includes("reward-2"));
    assert.match(keysOf(run).get("reward") ?? "", /^reward-/);
    assert.notEqual(keysOf(run).get("reward"), keysOf(run).get("reward-1"));
  });

  it("leave what does not depend on them as it is", async () => {
    const plain = await runTiny(tiny(arms), folder);
    assert.deepEqual(computed(plain), ["reward", "ppo", ...answersIn(plain)]);
  });

  it("may be adapters of one base", async () => {
    const lora: Written = {
      ...arms,
      model: {
        ...{ architecture: undefined, pretrain: undefined },
        ...{ checkpoint: artifactOf(run, "base"), lora: { rank: 2, alpha: 4 } },
      },
      reward: { seeds: [1, 2] },
      rlhf: { iterations: 1, maxNewTokens: 12 },
      evaluation: { prompts: 4, pairs: [["ppo", "sft-1"]], sampling: { maxNewTokens: 12 } },
    };
    const adapted = await runTiny(tiny(lora), path.join(folder, "lora"));
    const [mean, one, other] = await Promise.all(
      ["reward", "reward-1", "reward-2"].map((stage) => loadModel(artifactOf(adapted, stage), ["score"])),
    );
    const head = (model: typeof mean, at: number): number => model?.weights.get("score.weight")?.data[at] ?? NaN;
    for (let at = 0; at < 16; at++) {
      assert.ok(Math.abs(head(mean, at) - (head(one, at) + head(other, at)) / 2) <= ROUNDING);
    }
  });
});

function answersIn(run: TinyRun): readonly string[] {
  return computed(run).filter((stage) => stage.includes("inDistribution"));
}
