import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { derivedSizes, judgingCost } from "../../../engine/config/index.ts";
import { fewestStages } from "../../../engine/config/sizes.ts";
import { ANSWER_FORMATS } from "../../../engine/evaluation/interchange/answers.ts";
import { hostInputs } from "../../../engine/pipeline/host/hostInputs.ts";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { type Script, chat, json, lastMessage, withServer } from "../serving/scriptedServer.ts";
import { ownData, writeJsonl } from "./ownData.ts";
import { type Written, artifactOf, resolved, runTiny, tiny } from "./tinyRun.ts";

const IDS = ["q-a", "q-b", "q-c", "q-d"];
const asked = (id: string): string => `reverse : ${id === "q-a" ? "city" : "time"}`;

/** An answer to a question in the form of that name. */
function written(form: string, id: string, text: string): object {
  const write = ANSWER_FORMATS.find(({ name }) => name === form)?.write ?? assert.fail();
  const about = { questionId: id, model: "gpt-4-0314", answerId: `answer-${id}`, nTokens: 7 };
  return write({ ...about, turns: [text], said: [asked(id)] });
}

describe("a file of answers in a run", function () {
  this.timeout(120_000);
  let folder: string;
  let base: Written;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-baseline-"));
    base = await ownData(folder);
    await fs.writeFile(
      path.join(folder, "base", "chat_template.jinja"),
      "{{ bos_token }}{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %} {{ eos_token }}{% endif %} {% endfor %}",
    );
    const questions = IDS.map((id) => ({ uid: id, category: "hard", cluster: "c", prompt: asked(id) }));
    await writeJsonl(path.join(folder, "question.jsonl"), questions);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const baseline = (form: string, ids = IDS.toReversed()): Promise<void> =>
    writeJsonl(
      path.join(folder, "gpt-4-0314.jsonl"),
      ids.map((id) => written(form, id, `theirs ${id}`)),
    );

  /** Arena-Hard against its baseline, beside a benchmark that the baseline knows nothing of. */
  const against = (contestant: Written, evaluation: Written = {}): Written => ({
    ...base,
    data: {
      ...(base["data"] as Written),
      benchmarks: { arena: { kind: "arena-hard", from: "question.jsonl" }, mine: "mine.jsonl" },
    },
    evaluation: {
      ...{
        prompts: 3,
        sampling: { maxNewTokens: 8 },
        judge: "llm",
        llm: { model: "j", baseUrl: "http://127.0.0.1:1" },
      },
      ...{ contestants: { "gpt-4-0314": { answers: "gpt-4-0314.jsonl", ...contestant } } },
      ...evaluation,
    },
  });
  const onArena = { benchmarks: ["arena"] };

  const keysOfPlan = async (config: Written): Promise<ReadonlyMap<string, string>> => {
    const stages = await planPipeline(resolved(config, folder), { runsRoot: path.join(folder, ".salsa") });
    return new Map(stages.map(({ id, key }) => [id, key]));
  };

  it("may answer several benchmarks, by question ids, and nothing that none of them asks", async () => {
    const others = ["r-a", "r-b"].map((id) => ({ uid: id, category: "easy", cluster: "c", prompt: asked(id) }));
    await writeJsonl(path.join(folder, "other.jsonl"), others);
    await baseline("fastchat", ["r-b", ...IDS, "r-a"]);
    const benchmarks = {
      arena: { kind: "arena-hard", from: "question.jsonl" },
      other: { kind: "arena-hard", from: "other.jsonl" },
    };
    const configAt = (baseUrl: string): Written => ({
      ...against({}, { prompts: 2, llm: { model: "judge-1", baseUrl, protocol: "official" } }),
      data: { ...(base["data"] as Written), benchmarks },
    });
    const script: Script = (_, response) => json(response, chat("[[A>B]]"));
    await withServer(script, async ({ baseUrl }) => {
      const run = await runTiny(configAt(baseUrl), folder);
      for (const [benchmark, ids] of [
        ["arena", IDS.slice(0, 2)],
        ["other", ["r-a", "r-b"]],
      ] as const) {
        const answers = await readAnswers(artifactOf(run, `gpt-4-0314 on ${benchmark}`));
        assert.deepEqual(
          answers.map(({ questionId, text }) => [questionId, text]),
          ids.map((id) => [id, `theirs ${id}`]),
        );
      }
    });
    for (const [ids, fault] of [
      [["r-b", ...IDS, "r-a", "q-z"], /gpt-4-0314\.jsonl:7: is an answer to "q-z", which is not asked/],
      [["r-b", ...IDS], /has no answer to 1 of 2 questions, the first of them "r-a"; complete it, or leave other out/],
      [["r-b", ...IDS, "r-a", "r-b"], /gpt-4-0314\.jsonl:7: is a second answer to "r-b"/],
    ] as const) {
      await baseline("fastchat", [...ids]);
      await assert.rejects(keysOfPlan(configAt("http://127.0.0.1:1")), fault);
    }
  });

  for (const form of ["fastchat", "arena-hard-before", "arena-hard"]) {
    it(`in the form ${form} is what every arm is judged against, by question id, and only the judge is asked`, async () => {
      await baseline(form);
      const script: Script = (_, response) => json(response, chat("[[A>B]]"));
      await withServer(script, async ({ baseUrl, seen }) => {
        const llm = { model: "judge-1", baseUrl, protocol: "official" };
        const run = await runTiny(against(onArena, { llm }), folder);
        assert.equal(run.status, "finished");
        const answers = await readAnswers(artifactOf(run, "gpt-4-0314 on arena"));
        assert.deepEqual(
          answers.map(({ prompt, questionId, question, text }) => [prompt, questionId, question, text]),
          IDS.slice(0, 3).map((id, at) => [at, id, asked(id), `theirs ${id}`]),
        );
        const ours = await readAnswers(artifactOf(run, "salsa on arena"));
        assert.deepEqual(
          answers.map(({ questionId, question, category }) => [questionId, question, category]),
          ours.map(({ questionId, question, category }) => [questionId, question, category]),
        );
        assert.ok(seen.every(({ body }) => body["model"] === "judge-1"));
        assert.ok(seen.some((one) => lastMessage(one).includes("theirs q-b")));
        const rates = JSON.parse(await fs.readFile(path.join(run.folder, "tables/winRates.json"), "utf8")) as Written[];
        assert.deepEqual(
          rates.flatMap(({ benchmark, a, b, n }) => (b === "gpt-4-0314" ? [[benchmark, a, n]] : [])),
          [
            ["arena", "ppo", 3],
            ["arena", "salsa", 3],
          ],
        );
      });
    });
  }

  it("is part of its answers' key by its content: neither its path nor its name counts, and no other answers change", async () => {
    await baseline("fastchat");
    const before = await keysOfPlan(against(onArena));
    await fs.rename(path.join(folder, "gpt-4-0314.jsonl"), path.join(folder, "moved.jsonl"));
    assert.deepEqual(await keysOfPlan(against({ ...onArena, answers: "moved.jsonl" })), before);
    await baseline("arena-hard");
    const after = await keysOfPlan(against(onArena));
    assert.deepEqual(
      [...after.keys()].filter((id) => before.get(id) !== after.get(id)),
      ["gpt-4-0314 on arena", "ppo vs gpt-4-0314 on arena", "salsa vs gpt-4-0314 on arena"],
    );
  });

  it("is refused before anything is trained: another question, one without an answer, one that is answered twice", async () => {
    const refused = async (ids: readonly string[], what: RegExp): Promise<void> => {
      await baseline("fastchat", [...ids]);
      const events: string[] = [];
      const config = against(onArena);
      await assert.rejects(keysOfPlan(config), { name: "DataError", message: what });
      const run = runTiny(config, folder, { onEvent: ({ kind }) => void events.push(kind) });
      await assert.rejects(run, { name: "DataError", message: what });
      assert.ok(!events.includes("stageStarted"));
    };
    await refused([...IDS, "q-x"], /gpt-4-0314\.jsonl:5: is an answer to "q-x", which is not asked/);
    await refused(
      ["q-a", "q-c", "q-d"],
      /gpt-4-0314\.jsonl: has no answer to 1 of 3 questions, the first of them "q-b"; complete it, or leave arena out/,
    );
    await refused(["q-a", ...IDS], /gpt-4-0314\.jsonl:2: is a second answer to "q-a"/);
  });

  it("is refused in a config: no such file, settings that ask somebody, no benchmark of that name, a judge by reward", async () => {
    const refused = (config: Written, what: RegExp): void => {
      assert.throws(() => resolved(config, folder), what);
    };
    refused(
      against({}),
      /evaluation\.contestants\.gpt-4-0314\.answers: there is no "gpt-4-0314\.jsonl"; correct the path/,
    );
    await baseline("fastchat");
    for (const [key, value] of Object.entries({ model: "gpt-4", system: "Be brief.", concurrency: 2, stream: true })) {
      const what = `evaluation.contestants.gpt-4-0314.${key}: would change nothing: the answers are there`;
      refused(against({ [key]: value }), new RegExp(what.replaceAll(".", "\\.")));
    }
    refused(against({ benchmarks: ["arenas"] }), /benchmarks\[0\]: "arenas" is not a benchmark; did you mean "arena"/);
    refused(
      against({ answers: undefined }),
      /contestants\.gpt-4-0314: has neither a model nor answers; name the model/,
    );
    refused(against({}, { judge: "reward" }), /which scores no answers of others/);
  });

  it("costs nothing, and counts where it answers alone", async () => {
    await baseline("fastchat");
    const everywhere = resolved(against({}), folder);
    const there = resolved(against(onArena), folder);
    assert.deepEqual(
      judgingCost(there).map(({ model }) => model),
      ["j"],
    );
    // Of five pairs, two are with the baseline, on one benchmark of two, of three prompts each.
    const { length: nPairs } = there.evaluation.pairs;
    assert.equal(derivedSizes(everywhere).comparisons, nPairs * 2 * 3);
    assert.equal(derivedSizes(there).comparisons, (nPairs * 2 - 2) * 3);
    assert.equal(judgingCost(there)[0]?.nCalls, (nPairs * 2 - 2) * 3 * 2);
    assert.equal(fewestStages(everywhere) - fewestStages(there), 3);
    // The reward model, and nothing else, is no part of the fewest stages here.
    assert.equal((await keysOfPlan(against(onArena))).size, fewestStages(there) + 1);
  });

  it("goes along to another machine", async () => {
    await baseline("fastchat");
    const { units, configAt } = await hostInputs(resolved(against(onArena), folder));
    const { answers = "" } = configAt("/there").evaluation.contestants?.["gpt-4-0314"] ?? {};
    assert.match(answers, /^\/there\/inputs\/[0-9a-f]{16}\/gpt-4-0314\.jsonl$/);
    assert.ok(units.some(({ unit }) => answers.startsWith(`/there/${unit}/`)));
  });

  it("of prompts without ids answers them in their order, with a task's own score", async () => {
    const before = await runTiny(tiny(), folder);
    const theirs = await readAnswers(artifactOf(before, "salsa on inDistribution"));
    await writeJsonl(
      path.join(folder, "old.jsonl"),
      theirs.map(({ question, text }) => ({ prompt: question, response: text })),
    );
    const evaluation = { contestants: { old: { answers: "old.jsonl" } }, pairs: [["salsa", "old"]] };
    const run = await runTiny(tiny({ evaluation }), folder);
    const again = await readAnswers(artifactOf(run, "old on inDistribution"));
    // A file does not say whether an answer was cut off, which the task's score goes by.
    const ended = [...theirs.keys()].filter((at) => theirs[at]?.ended);
    assert.ok(ended.length > 0);
    for (const field of ["text", "gold"] as const) {
      assert.deepEqual(
        ended.map((at) => again[at]?.[field]),
        ended.map((at) => theirs[at]?.[field]),
      );
    }
    const rates = JSON.parse(await fs.readFile(path.join(run.folder, "tables/winRates.json"), "utf8")) as Written[];
    assert.deepEqual(
      rates.map(({ a, b, n }) => [a, b, n]),
      [["salsa", "old", 16]],
    );
  });
});
