import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { TASKS, createTask } from "../../../../engine/evaluation/tasks/index.ts";
import { SPLITS, type Task, type TaskKind } from "../../../../engine/evaluation/tasks/task.ts";
import { parseConfig } from "../../../../engine/config/index.ts";
import { wordLevelTokenizer } from "../../../../engine/text/index.ts";
import { seeded } from "./random.ts";

const EXAMPLES = new URL("../../../../examples/miniinstruct/", import.meta.url);

describe("every built-in task", () => {
  const kinds: readonly TaskKind[] = TASKS;
  for (const { name, title, description, defaults, parts, settings, needsCheckpoint = false } of kinds) {
    const model = needsCheckpoint ? ', "model": { "checkpoint": "folder" }' : "";
    const { task: written, ...config } = parseConfig(`{ "task": { "name": "${name}" }${model} }`, "run.salsa.json");
    assert(written !== undefined);
    const task = createTask(written);

    it(`${name} differs by each setting in the part that the setting is of, and in no other`, () => {
      for (const key of Object.keys(settings)) {
        const value = (written as unknown as Readonly<Record<string, number>>)[key] ?? NaN;
        const other = createTask({ ...written, [key]: Math.sqrt(value) });
        const [before, after] = [partsOf(task), partsOf(other)];
        const changed = Object.keys(before).filter((part) => !isDeepStrictEqual(before[part], after[part]));
        assert.deepEqual(changed, [parts[key]], key);
      }
    });

    it(`${name} says what it is`, () => {
      assert.match(title, /^[A-Z]/);
      assert.match(description, /^[A-Z].*[^.;]$/);
    });

    it(`${name} gives a run its sizes where the config gives none`, () => {
      const { sft, reward, evaluation } = config;
      const sizes = { examples: sft.examples, pairs: reward.pairs, maxNewTokens: evaluation.sampling.maxNewTokens };
      assert.deepEqual(sizes, defaults);
    });

    it(`${name} can be built from the run config's defaults`, () => {
      assert.equal(task.name, name);
    });

    it(`${name} has a language of its own, or is for models that have one`, () => {
      assert.equal(task.language === undefined, needsCheckpoint);
    });

    const { language } = task;
    if (language !== undefined) {
      it(`${name} writes prompts and responses that its tokenizer gives back, within its lengths`, () => {
        const tokenizer = wordLevelTokenizer(language.vocabulary);
        for (const { prompt, response } of task.sft(300, seeded(1))) {
          assert(tokenizer.encode(prompt).length <= task.maxPromptLength, prompt);
          assert.equal(tokenizer.decode(tokenizer.encode(response)), response);
        }
      });
    }

    it(`${name} scores every prompt of every split, and its own demonstrations above silence`, () => {
      for (const split of SPLITS) {
        for (const prompt of task.prompts(split, 50, seeded(2))) {
          assert(Number.isFinite(task.gold(prompt, { text: "", ended: true })));
        }
      }
      const scores = task
        .sft(300, seeded(3))
        .map(({ prompt, response }) => task.gold(prompt, { text: response, ended: true }));
      assert(scores.reduce((sum, score) => sum + score, 0) / scores.length > 0.5);
    });
  }
});

/** All that a task makes of the same random numbers, by its parts. */
function partsOf(task: Task): Readonly<Record<string, unknown>> {
  const asked = task.prompts("train", 200, seeded(1));
  const answered = task.sft(200, seeded(2)).map(({ response }) => ({ text: response, ended: true }));
  const empty = { text: "", ended: false };
  const random = seeded(3);
  const stream = task.language?.pretraining(seeded(4));
  return {
    prompts: asked,
    gold: asked.map(
      (prompt, at) => task.gold(prompt, empty) + task.gold(prompt, { text: prompt, ended: at % 2 === 0 }),
    ),
    sft: answered,
    language: Array.from({ length: 200 }, () => stream?.next().value),
    prefer: asked.map((prompt, at) => task.prefer(prompt, [{ text: prompt, ended: at % 2 === 0 }, empty], random)),
  };
}

describe("the example configs of MiniInstruct", () => {
  const read = (file: string): ReturnType<typeof parseConfig> =>
    parseConfig(readFileSync(new URL(file, EXAMPLES), "utf8"), `/examples/${file}`);

  it("are all valid", () => {
    const files = readdirSync(EXAMPLES).filter((file) => file.endsWith(".salsa.json"));
    assert.deepEqual(
      files.map((file) => read(file).name),
      files.map((file) => file.replace(".salsa.json", "")),
    );
  });

  it("train the same base model, SFTs and reward model, so that a comparison's first seed is the demo", () => {
    const [demo, comparison] = [read("demo.salsa.json"), read("comparison.salsa.json")];
    for (const part of ["task", "model", "sft", "reward"] as const) assert.deepEqual(demo[part], comparison[part]);
    assert(comparison.seeds.includes(demo.seeds[0] ?? NaN));
  });

  it("give every arm of the comparison the same candidates for β, the demo's among them", () => {
    const betas = Object.values(read("comparison.salsa.json").arms).map((arm) => arm.betas);
    for (const candidates of betas) assert.deepEqual(candidates, betas[0]);
    for (const { betas: chosen } of Object.values(read("demo.salsa.json").arms)) {
      assert(chosen.length === 1 && betas[0]?.includes(chosen[0] ?? NaN));
    }
  });
});
