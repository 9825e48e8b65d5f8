import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { padQueries, parseModelConfig } from "../../../engine/models/index.ts";
import { dataFileFacts } from "../../../engine/pipeline/fingerprints.ts";
import { modelNotes, planPipeline, scoreCheckpoint } from "../../../engine/pipeline/index.ts";
import { loadFrozenModel, loadModel, saveModel } from "../../../engine/pipeline/modelFolder.ts";
import { rewardingOf } from "../../../engine/pipeline/rewarding.ts";
import { listPairs } from "../../../engine/pipeline/stages/rewardModel.ts";
import { DiskList } from "../../../engine/storage/diskList.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { wordLevelTokenizer } from "../../../engine/text/index.ts";
import type { PreferencePair } from "../../../engine/training/index.ts";
import { PICO_JSON, picoWeights } from "../models/pico.ts";
import { ownData, writeJsonl } from "./ownData.ts";
import { type Written, artifactOf, keysOf, resolved, runTiny, tiny } from "./tinyRun.ts";

describe("a reward model from outside", function () {
  this.timeout(120_000);
  const WORDS = ["one", "two", "three", "four", "five", "six"];
  const NUMBERED_OTHERWISE = ["four", "six", "two", "five", "one", "three"];
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-rewarding-"));
    await save("policy", WORDS, "language");
    await save("reward", WORDS, "score");
    await renumber();
    await writeJsonl(at("prompts.jsonl"), [{ prompt: "one two" }, { prompt: "six" }, { prompt: "four five one two" }]);
  });
  after(() => fs.rm(folder, { recursive: true }));

  async function save(name: string, words: readonly string[], head: "language" | "score"): Promise<void> {
    const tokenizer = wordLevelTokenizer(words);
    const config = parseModelConfig({ ...PICO_JSON, vocab_size: tokenizer.vocabularySize, eos_token_id: 2 });
    const weights = picoWeights(head === "score" ? 3 : 1, [head], config);
    await saveModel(at(name), { config, weights, tokenizer }, { head });
  }

  /** The same reward model with its words numbered otherwise, and the rows of its embeddings with them. */
  async function renumber(): Promise<void> {
    const loaded = await loadModel(at("reward"), ["score"]);
    const tokenizer = wordLevelTokenizer(NUMBERED_OTHERWISE);
    const name = "model.embed_tokens.weight";
    const { shape, data } = loaded.weights.get(name) ?? { shape: [], data: new Float32Array() };
    const C = shape[1] ?? 0;
    const moved = data.slice();
    for (const word of WORDS) {
      const [from, to] = [loaded.tokenizer.idOf(word) ?? 0, tokenizer.idOf(word) ?? 0];
      moved.set(data.subarray(from * C, (from + 1) * C), to * C);
    }
    const { config } = loaded;
    const weights = new Map([...loaded.weights, [name, { shape, data: moved }]]);
    await saveModel(at("renumbered"), { config, weights, tokenizer }, { head: "score" });
  }

  async function meanReward(reward: string): Promise<unknown> {
    const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 5 };
    const { signal } = new AbortController();
    const prompts = at("prompts.jsonl");
    const table = await scoreCheckpoint({
      ...{ checkpoint: at("policy"), prompts, reward: at(reward), n: 3, seed: 1, sampling, signal },
    });
    return table.rows[0]?.[2];
  }

  it("gives the same rewards when it numbers the words otherwise", async () => {
    const [own, other] = [await meanReward("reward"), await meanReward("renumbered")];
    assert.ok(Math.abs(Number(own)) > 1e-3, String(own));
    // Padded to another length: the last digits of f32.
    assert.ok(Math.abs(Number(own) - Number(other)) < 1e-5, `${String(own)}, renumbered ${String(other)}`);
  });

  it("is refused with another tokenizer and no template where the policy is asked in turns", async () => {
    const template = "{% for m in messages %}{{ m.content }} {% endfor %}";
    await fs.cp(at("policy"), at("chatty"), { recursive: true });
    await fs.writeFile(path.join(at("chatty"), "chat_template.jinja"), template);
    const { signal } = new AbortController();
    const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 5 };
    const request = { checkpoint: at("chatty"), prompts: at("prompts.jsonl"), n: 3, seed: 1, sampling, signal };
    await assert.rejects(scoreCheckpoint({ ...request, reward: at("renumbered") }), {
      name: "CheckpointError",
      message: /renumbered: has another tokenizer .* no chat template .*chat_template\.jinja/,
    });
  });

  it("is refused by name with two labels, or a bias that is not 0", async () => {
    const { config, weights, tokenizer } = await loadModel(at("reward"), ["score"]);
    const two = new Map([...weights, ["score.weight", { shape: [2, 16], data: new Float32Array(32) }]]);
    await saveModel(at("two"), { config, weights: two, tokenizer }, { head: "score" });
    await assert.rejects(meanReward("two"), /score\.weight is \[2, 16\] .*one label/);
    for (const [bias, isRefused] of [
      [0, false],
      [1, true],
    ] as const) {
      const biased = new Map([...weights, ["score.bias", { shape: [1], data: Float32Array.of(bias) }]]);
      await saveModel(at(`bias-${bias}`), { config, weights: biased, tokenizer }, { head: "score" });
      const scored = meanReward(`bias-${bias}`);
      if (isRefused) await assert.rejects(scored, /tensor score\.bias: is not 0/);
      else assert.equal(await scored, await meanReward("reward"));
    }
  });

  it("takes the place of the reward stage, in PPO and answers, and is part of their keys", async () => {
    const home = at("run");
    await fs.mkdir(home);
    const written = await ownData(home);
    const trained = await runTiny(written, home);
    const outside = path.join(home, "outside");
    await fs.cp(artifactOf(trained, "reward"), outside, { recursive: true });
    const { preferences: _unused, ...data } = written["data"] as Written;
    const config = { ...written, data, reward: { checkpoint: "outside" } };
    const run = await runTiny(config, home);
    assert.ok(!keysOf(run).has("reward"));
    assert.notEqual(keysOf(run).get("ppo"), keysOf(trained).get("ppo"));
    assert.equal(keysOf(run).get("sft-1"), keysOf(trained).get("sft-1"));
    const [own, given] = await Promise.all([trained, run].map((one) => readAnswers(artifactOf(one, "ppo on mine"))));
    assert.deepEqual(given, own);

    const files = path.join(outside, "tokenizer_config.json");
    await fs.writeFile(files, `${await fs.readFile(files, "utf8")} `);
    const template = "{% for m in messages %}{{ m.content }} {% endfor %}";
    await fs.writeFile(path.join(outside, "chat_template.jinja"), template);
    const other = resolved(config, home);
    const plan = await planPipeline(other, { runsRoot: other.runtime.directory });
    assert.notEqual(plan.find(({ id }) => id === "ppo")?.key, keysOf(run).get("ppo"));
    assert.match((await modelNotes(other)).join(), /put to .*outside as a conversation, by .*has a chat template/);
    const separate = resolved({ ...config, rlhf: { ...(written["rlhf"] as Written), critic: "separate" } }, home);
    await assert.rejects(modelNotes(separate), /the critic of arm \w+ would start as it, and it reads other tokens/);
    assert.equal((await runTiny(config, home)).status, "finished");
  });

  it("is refused together with settings of a training, and pairs are missed without it", async () => {
    const home = at("checks");
    await fs.mkdir(home);
    const written = await ownData(home);
    await fs.mkdir(path.join(home, "rm"));
    await fs.writeFile(path.join(home, "rm", "config.json"), "{}");
    const parse = (config: Written): unknown => resolved(config, home);
    assert.throws(() => parse({ ...written, reward: { checkpoint: "rm", epochs: 2 } }), /reward\.epochs: would change/);
    assert.throws(() => parse({ ...written, reward: { checkpoint: "nowhere" } }), /reward\.checkpoint: there is no/);
    const { preferences: _unused, ...data } = written["data"] as Written;
    assert.throws(() => parse({ ...written, data }), /data\.preferences: is missing; .*reward\.checkpoint/);
    parse({ ...written, data, reward: { checkpoint: "rm" }, preset: "llama2-7b" });
  });

  it("is read before the padding at an answer's end, also where it has the policy's own tokenizer", async () => {
    const ended = fileURLToPath(new URL("../../golden/rewards/ended", import.meta.url)); // padding ends its turns
    const padded = fileURLToPath(new URL("../../golden/rewards/padded", import.meta.url));
    const generation = {
      queries: padQueries([[5, 6], [7]], 3, 2),
      responses: Int32Array.of(8, 2, 2, 8, 9, 10),
      lengths: Int32Array.of(2, 3),
      ended: Uint8Array.of(1, 0),
      logprobs: new Float32Array(6),
    };
    const reward = await loadFrozenModel(ended, {}, ["score"]);
    const { sequencesOf } = rewardingOf(reward, { format: reward.format, questions: ["a", "b"] });
    assert.equal(reward.config.specialTokens.pad, 2);
    assert.deepEqual(sequencesOf?.([0, 1], generation), [
      [5, 6, 8],
      [7, 8, 9, 10],
    ]);
    // And so it is trained: at the token that others read who load its folder.
    await writeJsonl(at("pairs.jsonl"), [{ prompt: "hi", chosen: "A fox.", rejected: "x" }]);
    const data = { path: at("pairs.jsonl"), ...(await dataFileFacts(at("pairs.jsonl"))) };
    const { reward: settings } = resolved(tiny({ reward: { maxLength: 64 } }), folder);
    const pairs = new DiskList<PreferencePair>(at("list"));
    await listPairs(
      pairs,
      { made: undefined, data, count: undefined },
      { format: reward.format, model: reward.config, reward: settings, seed: 1 },
    );
    const [pair] = await pairs.pick([0]);
    await pairs.release();
    const whole = reward.format.encodeResponse("hi", "A fox.", true);
    assert.deepEqual([pair?.chosen, whole.at(-1)], [whole.slice(0, -1), 2]);
    // One whose padding ends nothing reads what the policy has written, as it is.
    const other = await loadFrozenModel(padded, {}, ["score"]);
    assert.equal(rewardingOf(other, { format: other.format, questions: [] }).sequencesOf, undefined);
  });
});
