import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { chosenJudge, judgeAnswers, judgeChoice } from "../../../../engine/pipeline/judging.ts";
import { ModelDesk } from "../../../../engine/pipeline/modelDesk.ts";
import type { StageReport } from "../../../../engine/pipeline/stage.ts";
import type { BenchmarkAnswer } from "../../../../engine/storage/formats/answers.ts";
import { readComparisons } from "../../../../engine/storage/formats/comparisons.ts";
import { resolved, tiny } from "../../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { withServed } from "./served.ts";

const N = 6;
/** The judge's prompt in the words of a tokenizer that takes it apart, and the answers. */
const CONTEXT = 2000;

function answers(text: string): readonly BenchmarkAnswer[] {
  return Array.from({ length: N }, (_, prompt) => {
    return { prompt, question: `question ${prompt}`, text: `${text} ${prompt}`, ended: true, nTokens: 2, reward: 0 };
  });
}

describe("judging by a model of our own server", () => {
  it("asks for both orders of every pair and counts what such a small model says as no verdict", () =>
    withServed({ context: CONTEXT }, ({ baseUrl, steps }) =>
      inTemporaryFolder(async (root) => {
        const llm = { model: "pico", baseUrl, maxTokens: 8 };
        const config = resolved(tiny({ evaluation: { judge: "llm", llm } }), root);
        const { signal } = new AbortController();
        const desk = new ModelDesk({ config, root, run: "tiny-1", env: {} });
        const [folder, workspace] = [path.join(root, "result"), path.join(root, "work")];
        await fs.mkdir(folder);
        await fs.mkdir(workspace);
        const events: StageReport[] = [];
        const judge = chosenJudge(judgeChoice(config.evaluation), {
          model: (address) => desk.model(address, signal),
          promptText: undefined,
        });
        try {
          await judgeAnswers(
            { name: "a vs b", folder, workspace, signal, report: (event) => void events.push(event) },
            { judge, judgeName: "pico", names: ["a", "b"], seed: 1, ours: answers("red"), theirs: answers("blue") },
          );
        } finally {
          desk.close();
        }
        const outcomes = (await readComparisons(folder)).map(({ outcome }) => outcome);
        assert.deepEqual(outcomes, Array<string>(N).fill("dropped"));
        const metrics = events.find((event) => event.kind === "metrics");
        const values = metrics?.kind === "metrics" ? metrics.values : {};
        assert.equal(values["judge/failed"] ?? 0, 0, "every request was answered");
        assert.ok(Math.max(...steps) > 1, "games are decoded side by side");
      }),
    ));
});
