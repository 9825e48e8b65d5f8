import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { preferenceLines } from "../../../extension/panels/votes.ts";
import { readPreferences } from "../../../engine/storage/datasets.ts";
import { inTemporaryFolder } from "../../engine/storage/temporaryFolder.ts";

const QUESTION = { prompt: "one", system: "", temperature: 0.7, maxTokens: 8, seed: 1 };
const MODELS = ["ppo", "salsa", "mkl"].map((name) => ({ name, folder: `/m/${name}` }));

describe("votes of the chat as preferences", () => {
  it("prefer the chosen answer to each other, in the format that the reward stage reads", () =>
    inTemporaryFolder(async (folder) => {
      const vote = { question: QUESTION, models: MODELS, answers: ["a b", "c\n", "d"], vote: 1 };
      const file = path.join(folder, "votes.jsonl");
      await fs.writeFile(file, preferenceLines(vote).join(""));
      const read: unknown[] = [];
      for await (const pair of readPreferences(file)) read.push(pair);
      assert.deepEqual(read, [
        { prompt: "one", chosen: "c", rejected: "a b" },
        { prompt: "one", chosen: "c", rejected: "d" },
      ]);
    }));

  it("keep a system prompt as a turn of its own", () =>
    inTemporaryFolder(async (folder) => {
      const question = { ...QUESTION, system: "Be brief." };
      const file = path.join(folder, "votes.jsonl");
      await fs.writeFile(file, preferenceLines({ question, models: MODELS, answers: ["a", "b"], vote: 0 }).join(""));
      const prompt = [
        { role: "system", content: "Be brief." },
        { role: "user", content: "one" },
      ];
      for await (const pair of readPreferences(file)) assert.deepEqual(pair, { prompt, chosen: "a", rejected: "b" });
    }));

  it("are none for a tie, for equal answers and for empty ones", () => {
    const common = { question: QUESTION, models: MODELS };
    assert.deepEqual(preferenceLines({ ...common, answers: ["a", "b"], vote: "tie" }), []);
    assert.deepEqual(preferenceLines({ ...common, answers: ["a", " a "], vote: 0 }), []);
    assert.deepEqual(preferenceLines({ ...common, answers: ["a", ""], vote: 0 }), []);
    assert.deepEqual(preferenceLines({ ...common, answers: ["", "a"], vote: 0 }), []);
  });
});
