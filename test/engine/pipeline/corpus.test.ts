import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import {
  benchmarkPrompts,
  heldOutTexts,
  promptsIn,
  sftTexts,
  trainPrompts,
  validationPrompts,
} from "../../../engine/pipeline/corpus.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";

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
      assert.deepEqual(await promptsIn(file, 2), ["p1", "p2"]);
      // All of it is read where that many are asked for.
      await assert.rejects(promptsIn(file), /large\.jsonl:3: /);
      await assert.rejects(Array.fromAsync(sftTexts({ ...source, examples: undefined }, 1)), /large\.jsonl:3: /);
      await assert.rejects(benchmarkPrompts(source, { benchmark: "mine", prompts: 3 }), /large\.jsonl:3: /);
    }));

  it("are learned from but for the last ones, which are those that are kept back", () =>
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "many.jsonl");
      const records = Array.from({ length: 6000 }, (_, at) => ({ prompt: `p${at}`, response: `r${at}` }));
      await fs.writeFile(file, records.map((one) => JSON.stringify(one)).join("\n\n"));
      const examples = { task: undefined, file, keepsExamplesBack: true, examples: undefined };
      const [learned, heldOut] = [await collect(sftTexts(examples, 1)), await heldOutTexts(examples, 1)];
      assert.equal(heldOut.length, 256);
      assert.deepEqual([...learned, ...heldOut], records);
      assert.deepEqual(await collect(sftTexts({ ...examples, examples: 7 }, 1)), records.slice(0, 7));
      for (const n of [1, 7, 500, 1000]) {
        const prompts = { task: undefined, file, validationPrompts: n };
        const [train, validation] = [await collect(trainPrompts(prompts, 1)), await validationPrompts(prompts)];
        assert.equal(validation.length, Math.min(n, 600));
        assert.deepEqual(
          [...train, ...validation],
          records.map(({ prompt }) => prompt),
        );
      }
    }));
});
