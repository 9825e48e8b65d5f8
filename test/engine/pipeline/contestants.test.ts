import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isFree, judgingCost, judgingCostTexts } from "../../../engine/config/index.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { type Script, type Seen, chat, json, withServer } from "../serving/scriptedServer.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData, writeJsonl } from "./ownData.ts";
import { type Written, artifactOf, computed, resolved, runTiny, tiny } from "./tinyRun.ts";

interface Turn {
  readonly role: string;
  readonly content: string;
}

const messagesOf = ({ body }: Seen): readonly Turn[] => body["messages"] as readonly Turn[];

/** Says how many turns it was shown, and the last one. */
const parrot: Script = (seen, response) =>
  json(response, chat(`${messagesOf(seen).length}: ${messagesOf(seen).at(-1)?.content ?? ""}`));

/** The tiny recipe with a model of a server, judged by the gold score. */
const withContestant = (baseUrl: string, more: Written = {}, evaluation: Written = {}): Written =>
  tiny({
    evaluation: {
      prompts: 6,
      contestants: { gpt: { model: "gpt-1", baseUrl, concurrency: 2, ...more } },
      pairs: [["salsa", "gpt"]],
      ...evaluation,
    },
  });

describe("a model of a server in a run", function () {
  this.timeout(120_000);

  it("answers the benchmarks in messages, some at a time, is judged like the others, and costs nothing again", () =>
    inTemporaryFolder(async (folder) =>
      withServer(parrot, async (server) => {
        const config = withContestant(server.baseUrl, { system: "Be brief." });
        const run = await runTiny(config, folder);
        assert.equal(run.status, "finished");
        assert.equal(server.seen.length, 6);
        assert.ok(server.mostOpen <= 2);
        const answers = await readAnswers(artifactOf(run, "gpt on inDistribution"));
        const ours = await readAnswers(artifactOf(run, "salsa on inDistribution"));
        assert.deepEqual(
          answers.map(({ prompt, question }) => [prompt, question]),
          ours.map(({ prompt, question }) => [prompt, question]),
        );
        for (const { text, question, ended, nTokens, gold, reward } of answers) {
          assert.deepEqual([text, ended, nTokens, reward], [`2: ${question}`, true, 5, NaN]);
          assert.ok(gold !== undefined);
        }
        const [first] = server.seen;
        assert.ok(first !== undefined);
        assert.deepEqual(
          messagesOf(first).map(({ role }) => role),
          ["system", "user"],
        );
        assert.deepEqual([first.body["model"], first.body["temperature"], first.body["seed"]], ["gpt-1", 0.7, 1]);
        const scores = await fs.readFile(path.join(run.folder, "tables/scores.csv"), "utf8");
        assert.match(scores, /inDistribution,gpt,1,6,/);
        assert.doesNotMatch(scores, /NaN/);
        const [rate] = JSON.parse(
          await fs.readFile(path.join(run.folder, "tables/winRates.json"), "utf8"),
        ) as Written[];
        assert.deepEqual([rate?.["a"], rate?.["b"], rate?.["n"]], ["salsa", "gpt", 6]);
        // Another run of the same config takes its answers; one that must make them again asks for none.
        assert.deepEqual(computed(await runTiny(config, folder)), []);
        await fs.rm(artifactOf(run, "gpt on inDistribution"), { recursive: true });
        await runTiny(config, folder);
        assert.equal(server.seen.length, 6);
      }),
    ));

  it("goes on where it was when a run was stopped in the middle", () =>
    inTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      let isStopping = true;
      const stopping: Script = (seen, response, index) => {
        if (index < 4 || !isStopping) parrot(seen, response, index);
        else controller.abort();
      };
      await withServer(stopping, async ({ baseUrl, seen }) => {
        const config = withContestant(baseUrl, { concurrency: 1 });
        const stopped = await runTiny(config, folder, { signal: controller.signal });
        assert.equal(stopped.status, "stopped");
        const nAsked = seen.length;
        isStopping = false;
        const run = await runTiny(config, folder, { resume: stopped.id });
        assert.equal(run.status, "finished");
        assert.equal(seen.length - nAsked, 2, "four of six answers were kept");
      });
    }));

  it("that its server changes in the middle is noted with its answers", () =>
    inTemporaryFolder(async (folder) => {
      const changing: Script = (seen, response, index) =>
        json(response, chat(messagesOf(seen).at(-1)?.content, { model: index < 3 ? "v1" : "v2" }));
      await withServer(changing, async ({ baseUrl }) => {
        const run = await runTiny(withContestant(baseUrl), folder);
        const notes = run.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
        assert.ok(
          notes.includes("the server changed the model in the middle: its answers are by v1, v2"),
          notes.join("\n"),
        );
      });
    }));

  it("answers a second turn after its own first, and with an empty text what its server refuses", () =>
    inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const questions = [1, 2].map((question_id) => ({
        question_id,
        category: "math",
        turns: [`ask ${question_id}`, "more"],
      }));
      await writeJsonl(path.join(folder, "question.jsonl"), questions);
      const template = "{{ bos_token }}{% for m in messages %}{{ m.content }} {% endfor %}";
      await fs.writeFile(path.join(folder, "base", "chat_template.jinja"), template);
      const script: Script = (seen, response, index) => {
        const refused = messagesOf(seen)[0]?.content === "ask 2" && messagesOf(seen).length === 3;
        if (refused) json(response, { error: { message: "maximum context length" } }, 400);
        else if (messagesOf(seen)[0]?.content.startsWith("ask") === true) parrot(seen, response, index);
        else json(response, chat("[[C]]"));
      };
      await withServer(script, async ({ baseUrl, seen }) => {
        const data = {
          ...(written["data"] as Written),
          benchmarks: { mt: { kind: "mt-bench", from: "question.jsonl" } },
        };
        const evaluation = {
          ...{ judge: "llm", llm: { model: "judge-1", baseUrl }, sampling: { maxNewTokens: 8 } },
          ...{ contestants: { gpt: { model: "gpt-1", baseUrl } }, pairs: [["salsa", "gpt"]] },
        };
        const run = await runTiny({ ...written, data, evaluation }, folder);
        assert.equal(run.status, "finished");
        const answers = await readAnswers(artifactOf(run, "gpt on mt"));
        assert.deepEqual(
          answers.map(({ questionId, turn, text }) => [questionId, turn, text]),
          [
            [1, 1, "1: ask 1"],
            [1, 2, "3: more"],
            [2, 1, "1: ask 2"],
            [2, 2, ""],
          ],
        );
        assert.equal(answers[1]?.question, "user: ask 1\n\nassistant: 1: ask 1\n\nuser: more");
        assert.equal(
          seen.find(({ body }) => body["model"] === "gpt-1")?.body["temperature"],
          0,
          "math, as FastChat has it",
        );
        const notes = run.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
        assert.ok(notes.includes("the server refused 1 requests: those answers are empty, and are judged as they are"));
        const own = path.join(run.folder, "interchange/mt/fastchat/model_answer/gpt.jsonl");
        assert.equal((await fs.readFile(own, "utf8")).trim().split("\n").length, 2);
      });
    }));

  it("counts in what is agreed to beforehand, and stops at the budget", () =>
    inTemporaryFolder(async (folder) =>
      withServer(parrot, async ({ baseUrl }) => {
        const prices = { "gpt-1": { input: 1000, output: 1000 } };
        const config = resolved(withContestant(baseUrl, {}, { prices, budget: 0.01 }), folder);
        const costs = judgingCost(config);
        assert.deepEqual(
          costs.map(({ model, nCalls, isAnswering }) => [model, nCalls, isAnswering]),
          [["gpt-1", 6, true]],
        );
        assert.equal(isFree(costs), false);
        assert.match(
          judgingCostTexts(costs, 0.01)[0] ?? "",
          /^answering sends prompts to 127\.0\.0\.1:\d+, without a key: at most 6 requests to gpt-1/,
        );
        const run = await runTiny(withContestant(baseUrl, {}, { prices, budget: 0.01 }), folder);
        assert.equal(run.status, "stopped");
        assert.match(run.tables.find(({ name }) => name === "winRates")?.note ?? "", /before all answers were there/);
      }),
    ));

  it("is refused in a config where it has another model's name, or no scores to be judged by", () =>
    inTemporaryFolder((folder) => {
      const refused = (evaluation: Written, what: RegExp): void => {
        assert.throws(() => resolved(tiny({ evaluation }), folder), what);
      };
      const one = { model: "m", baseUrl: "http://127.0.0.1:1/v1" };
      refused({ contestants: { "sft-1": one } }, /evaluation\.contestants\.sft-1: is already the name of an SFT/);
      refused(
        { contestants: { gpt: one }, judge: "reward" },
        /contestants: are judged by the judge "reward", which scores no answers/,
      );
      refused({ contestants: { gpt: { ...one, keyVariable: "GITHUB_TOKEN" } } }, /keyVariable/);
      refused({ contestants: { gpt: one }, pairs: [["salsa", "gtp"]] }, /did you mean "gpt"/);
      const { pairs } = resolved(tiny({ evaluation: { contestants: { gpt: one } } }), folder).evaluation;
      assert.deepEqual(pairs.slice(-2), [
        ["ppo", "gpt"],
        ["salsa", "gpt"],
      ]);
      return Promise.resolve();
    }));
});
