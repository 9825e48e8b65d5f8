import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { judgeModels, judgingCost, judgingCostTexts, parseConfig } from "../../../engine/config/index.ts";
import type { ModelCost, RunConfig } from "../../../engine/config/index.ts";
import { chooseBackend, modelNotes, withChoice } from "../../../engine/pipeline/index.ts";
import type { RunResult } from "../../../engine/pipeline/index.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Outcome, finishedRun, salsa } from "./screen.ts";

const FILE = "judged.salsa.json";

function written(evaluation: object): string {
  const pairs = [["salsa", "ppo"]];
  const shape = { prompts: 100, benchmarks: ["inDistribution"], pairs, sampling: { maxNewTokens: 200 } };
  return JSON.stringify({ task: { name: "miniinstruct" }, evaluation: { ...shape, judge: "llm", ...evaluation } });
}

const REMOTE = {
  llm: { model: "gpt", baseUrl: "https://judge.example:444/v1", keyVariable: "JUDGE_API_KEY" },
  prices: { gpt: { input: 10, output: 30 } },
};
const LOCAL = { llm: { model: "gpt", baseUrl: "http://127.0.0.1:8000/v1" } };

const configOf = (evaluation: object): RunConfig => parseConfig(written(evaluation), `/nowhere/${FILE}`);

describe("the cost of judging", () => {
  it("is that of two orders of each pair, usual and at most", () => {
    const [cost, ...others] = judgingCost(configOf(REMOTE));
    assert.deepEqual(others, []);
    assert.ok(cost !== undefined);
    assert.equal(cost.nCalls, 200);
    // 600 tokens of frame and question and half of two answers of 200 read, 300 written.
    assert.deepEqual([cost.promptTokens, cost.completionTokens], [160_000, 60_000]);
    assert.equal(cost.price?.toFixed(2), (1.6 + 1.8).toFixed(2));
    assert.equal(cost.mostPrice?.toFixed(3), (2 + 0.03 * 2.048 * 200).toFixed(3));
    const several = judgingCost(configOf({ ...REMOTE, llm: { ...REMOTE.llm, samples: 3, protocol: "single" } }));
    assert.equal(several[0]?.nCalls, 600);
  });

  it("is that of the questions that a file has, once they are counted", () => {
    const data = { sft: "s", prompts: "p", preferences: "q", benchmarks: { a: "a.jsonl", b: "b.jsonl" } };
    const pairs = [["salsa", "ppo"]];
    const rlhf = { evaluateEvery: 30, iterations: 60, evaluatePrompts: 50 };
    const evaluation = { prompts: 100, pairs, judge: "llm", ...REMOTE };
    const text = JSON.stringify({ data, model: { checkpoint: "m" }, arms: { ppo: {}, salsa: {} }, rlhf, evaluation });
    const config = parseConfig(text, `/nowhere/${FILE}`);
    const counts = ([cost]: readonly ModelCost[]): unknown[] => [cost?.nCalls, cost?.nWhileTraining];
    // Two orders of 100 questions of each of two files; two looks at 50 prompts of each of two arms.
    assert.deepEqual(counts(judgingCost(config)), [800, 400]);
    const short = [
      { path: ["evaluation", "prompts"], asked: 100, there: 20, from: config.data?.benchmarks["b"] as string },
      { path: ["evaluation", "validationPrompts"], asked: 256, there: 12, from: "p" },
    ];
    assert.deepEqual(counts(judgingCost(config, short)), [2 * 120 + 2 * 12 * 2 * 2, 2 * 12 * 2 * 2]);
  });

  it("is nothing on this machine, and not known without a price elsewhere", () => {
    assert.equal(judgingCost(configOf(LOCAL))[0]?.mostPrice, 0);
    const [unknown = ""] = judgingCostTexts(judgingCost(configOf({ llm: REMOTE.llm })), undefined);
    assert.match(
      unknown,
      /to judge\.example:444, with the key in JUDGE_API_KEY: at most 200 requests to gpt.*price is not known/,
    );
    assert.deepEqual(judgingCost(configOf({ judge: "gold" })), []);
    const lookalike = { llm: { model: "gpt", baseUrl: "http://127.0.0.1.evil.example/v1" } };
    assert.equal(judgingCost(configOf(lookalike))[0]?.isLocal, false);
  });

  it("has no budget where a price is not known, by which it could be kept", async () => {
    const { llm, prices } = REMOTE;
    const unpriced = { llm, budget: 0 };
    assert.throws(() => configOf(unpriced), /evaluation\.budget.*the price of gpt is not known.*evaluation\.prices/);
    const contestants = { mini: { model: "gpt-mini", baseUrl: llm.baseUrl } };
    assert.throws(() => configOf({ ...unpriced, prices, contestants }), /the price of gpt-mini is not known/);
    const panel = { judge: "panel", llm: undefined, panel: { members: ["gold", llm] } };
    assert.throws(() => configOf({ ...unpriced, ...panel }), /the price of gpt is not known/);
    // Another judge asks no model; this machine's are free, and those of the editor cost no dollars.
    const free = [{ judge: "gold", llm: undefined }, { ...LOCAL }, { llm: { model: "vscode:copilot/gpt-4o" } }];
    for (const one of [{ prices }, ...free]) assert.equal(configOf({ ...unpriced, ...one }).evaluation.budget, 0);
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, FILE), written({ llm }));
      const files = ["a.jsonl", "--against", "b.jsonl", "--questions", "q.jsonl", "--kind", "prompts"];
      for (const by of [
        ["--config", FILE],
        ["--model", llm.model, "--server", llm.baseUrl],
      ]) {
        const { code, stderr } = await salsa(["judge", ...files, ...by, "--budget", "0"], { folder });
        assert.equal(code, 2);
        assert.match(stderr, /budget.*the price of gpt is not known/);
      }
    });
  });

  it("is refused for a run whose own record names what no config may", () => {
    const config = configOf(REMOTE);
    const forged = { ...config.evaluation, llm: { ...config.evaluation.llm, keyVariable: "GITHUB_TOKEN" } };
    assert.throws(() => judgeModels({ evaluation: forged as RunConfig["evaluation"] }), DataError);
    const contestants = { gpt: { ...config.evaluation.llm, keyVariable: "GITHUB_TOKEN" } };
    const answered = { ...config.evaluation, judge: "gold", llm: undefined, contestants };
    assert.throws(
      () => judgingCost({ ...config, evaluation: answered as unknown as RunConfig["evaluation"] }),
      DataError,
    );
  });
});

describe("a run that sends something elsewhere, or costs something", () => {
  interface StartedRun extends Outcome {
    readonly nRuns: number;
    readonly questions: readonly string[];
  }

  async function started(evaluation: object, argv: readonly string[], answer?: string): Promise<StartedRun> {
    return inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, FILE), written(evaluation));
      let nRuns = 0;
      const questions: string[] = [];
      const runPipeline = (): Promise<RunResult> => {
        nRuns += 1;
        return Promise.resolve({ id: "judged-1", folder, tables: [], status: "finished" });
      };
      const ask = (question: string): Promise<string> => {
        questions.push(question);
        return Promise.resolve(answer ?? "");
      };
      await fs.mkdir(path.join(folder, ".salsa", "runs", "judged-1"), { recursive: true });
      await fs.writeFile(path.join(folder, ".salsa", "runs", "judged-1", "run.json"), "{}");
      const readRun = (run: string): Promise<ReturnType<typeof finishedRun>> =>
        Promise.resolve({ ...finishedRun(run, configOf(evaluation)), status: "stopped" });
      const pipeline = { runPipeline, readRun };
      const outcome = await salsa(argv, { folder, pipeline, ...(answer !== undefined && { ask }) });
      return { ...outcome, nRuns, questions };
    });
  }

  it("begins once the person agrees, or with --yes; where nobody can be asked it does not", async () => {
    for (const argv of [["run", FILE], ["resume"]]) {
      const agreed = await started(REMOTE, argv, "y");
      assert.deepEqual([agreed.code, agreed.nRuns, agreed.questions.length], [0, 1, 1]);
      assert.match(agreed.stderr, /about \$3\.40, at most \$14\.29/);
      const refused = await started(REMOTE, argv, "");
      assert.deepEqual([refused.code, refused.nRuns], [0, 0]);
      const alone = await started(REMOTE, argv);
      assert.deepEqual([alone.code, alone.nRuns], [2, 0]);
      assert.match(alone.stderr, /add --yes/);
      const forced = await started({ ...REMOTE, budget: 2 }, [...argv, "--yes"]);
      assert.deepEqual([forced.code, forced.nRuns], [0, 1]);
      assert.match(forced.stderr, /stops before it costs more than \$2/);
      const scripted = await started(REMOTE, [...argv, "--json"], "y");
      assert.deepEqual([scripted.code, scripted.nRuns, scripted.questions.length], [2, 0, 0]);
    }
  });

  it("is asked about no model on this machine, and none that goes by scores", async () => {
    for (const evaluation of [LOCAL, { judge: "gold" }]) {
      const { code, nRuns, questions } = await started(evaluation, ["run", FILE], "");
      assert.deepEqual([code, nRuns, questions.length], [0, 1, 0]);
    }
    const priced = await started({ ...LOCAL, prices: { gpt: { input: 1, output: 1 } } }, ["run", FILE], "");
    assert.equal(priced.nRuns, 0);
    const withKey = await started({ llm: { ...LOCAL.llm, keyVariable: "JUDGE_API_KEY" } }, ["run", FILE], "");
    assert.equal(withKey.nRuns, 0);
  });

  it("is planned with what it costs", () =>
    inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, FILE), written(REMOTE));
      const planPipeline = (): Promise<[]> => Promise.resolve([]);
      const pipeline = { planPipeline, chooseBackend, modelNotes, withChoice };
      const { stdout } = await salsa(["plan", FILE], { folder, pipeline });
      assert.match(stdout, /judging sends prompts and answers to judge\.example:444.*at most \$14\.29/);
    }));
});
