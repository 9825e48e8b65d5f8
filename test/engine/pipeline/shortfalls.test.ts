import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { comparedPrompts, planPipeline } from "../../../engine/pipeline/index.ts";
import { type Shortfall, shortfallLine } from "../../../engine/protocol/shortfalls.ts";
import type { PlannedStage } from "../../../engine/protocol/toolOutput.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData } from "./ownData.ts";
import { type Written, resolved } from "./tinyRun.ts";

async function planned(
  written: Written,
  folder: string,
): Promise<{ stages: readonly PlannedStage[]; short: readonly Shortfall[] }> {
  const config = resolved(written, folder);
  let short: readonly Shortfall[] = [];
  const stages = await planPipeline(config, {
    runsRoot: config.runtime.directory,
    onShortfalls: (found) => (short = found),
    isQuick: true,
  });
  return { stages, short };
}

describe("a plan that asks for more records than there are", function () {
  this.timeout(60_000);

  it("warns with both numbers, and takes no longer than what there is takes", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const asking = (n: number): Written => ({
        ...written,
        sft: { ...(written["sft"] as Written), steps: undefined, epochs: 1, examples: n },
        reward: { ...(written["reward"] as Written), pairs: n },
        evaluation: { ...(written["evaluation"] as Written), prompts: n },
      });
      const { short, stages } = await planned(asking(4000), folder);
      assert.deepEqual(
        short.map(({ path: at, asked, there, from }) => [at.join("."), asked, there, path.basename(from)]),
        [
          ["sft.examples", 4000, 64, "sft.jsonl"],
          ["reward.pairs", 4000, 24, "preferences.jsonl"],
          ["evaluation.prompts", 4000, 6, "mine.jsonl"],
          ["evaluation.prompts", 4000, 6, "other.jsonl"],
        ],
      );
      assert.match(
        shortfallLine(short[1] ?? { path: [], asked: 0, there: 0, from: "" }),
        /^reward\.pairs asks for 4,000, and .*preferences\.jsonl has 24 for it: all/,
      );
      assert.equal(comparedPrompts(resolved(asking(4000), folder), short), 6);
      const { benchmarks } = written["data"] as { benchmarks: Written };
      const twice: Written = {
        ...asking(4000),
        data: { ...(written["data"] as Written), benchmarks: { ...benchmarks, again: benchmarks["mine"] } },
      };
      assert.deepEqual((await planned(twice, folder)).short, short, "of one file once");
      const { stages: fitting } = await planned(asking(24), folder);
      const seconds = (of: readonly PlannedStage[], kind: string): number =>
        of.filter((stage) => stage.kind === kind).reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0);
      // 24 of the 24 pairs either way; machine noise moves the measured rate.
      assert.ok(seconds(stages, "reward") < 3 * seconds(fitting, "reward"));
    });
  });

  it("says nothing of what is there, and sees when a file has grown", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const asking: Written = { ...written, reward: { ...(written["reward"] as Written), pairs: 30 } };
      await fs.mkdir(resolved(asking, folder).runtime.directory, { recursive: true }); // where counts are remembered
      assert.deepEqual(
        (await planned(asking, folder)).short.map(({ there }) => there),
        [24],
      );
      const file = path.join(folder, "preferences.jsonl");
      await fs.appendFile(file, await fs.readFile(file, "utf8"));
      assert.deepEqual((await planned(asking, folder)).short, []);
    });
  });

  it("looks at every value of a grid", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const { short } = await planned({ ...written, reward: { init: "base", pairs: { grid: [20, 30] } } }, folder);
      assert.deepEqual(
        short.map(({ path: at, asked, there }) => [at.join("."), asked, there]),
        [["reward.pairs", 30, 24]],
      );
    });
  });

  it("counts validation prompts only where something is chosen on them", async () => {
    await inTemporaryFolder(async (folder) => {
      const own = await ownData(folder);
      const written: Written = { ...own, reward: { ...(own["reward"] as Written), pairs: 24 } };
      assert.deepEqual((await planned(written, folder)).short, []);
      const arms = { ppo: { reference: "sft-1", beta: [0.1, 0.2] } };
      const { short } = await planned({ ...written, arms }, folder);
      assert.deepEqual(
        short.map(({ path: at, asked, there }) => [at.join("."), asked, there]),
        [["evaluation.validationPrompts", 256, 6]],
      );
    });
  });
});
