import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { benchmarkPrompts, sftTexts } from "../../../engine/pipeline/corpus.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

describe("records of a file", () => {
  it("are read as far as they are asked for, and no further", () =>
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "large.jsonl");
      const records = [1, 2].map((at) => ({ prompt: `p${at}`, response: "r" }));
      await fs.writeFile(file, `${records.map((one) => JSON.stringify(one)).join("\n")}\n{ not read`);
      const source = { task: undefined, file, keepsExamplesBack: false };
      assert.deepEqual(await Array.fromAsync(sftTexts({ ...source, examples: 2 }, 1)), records);
      const prompts = await benchmarkPrompts(source, { benchmark: "mine", prompts: 1 });
      assert.deepEqual(prompts, [{ prompt: "p1" }]);
      // All of it is read where that many are asked for.
      await assert.rejects(Array.fromAsync(sftTexts({ ...source, examples: undefined }, 1)), /large\.jsonl:3: /);
      await assert.rejects(benchmarkPrompts(source, { benchmark: "mine", prompts: 3 }), /large\.jsonl:3: /);
    }));
});
