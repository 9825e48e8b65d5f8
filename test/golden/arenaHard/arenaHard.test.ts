import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readArenaJudgment } from "../../../engine/evaluation/interchange/arenaJudgments.ts";
import { arenaLeaderboard } from "../../../engine/evaluation/interchange/arenaLeaderboard.ts";
import { BASELINE, MODELS, sampleFiles } from "./judgments.ts";

interface Golden {
  readonly scores: Readonly<Record<string, number>>;
}

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const golden = JSON.parse(read("golden.json")) as Readonly<Record<"before" | "since", Golden>>;

/** It rounds per cents to two digits; means are in full. */
const TOLERANCES = { before: 0.005 + 1e-9, since: 1e-12 };

describe("arena-hard-auto's show_result", () => {
  for (const form of ["before", "since"] as const) {
    it(`gives the same leaderboard for our files, in the form ${form === "before" ? "until" : "since"} April 2025`, () => {
      const judgments = [...sampleFiles(form)].flatMap(([model, text]) => {
        assert.equal(read(`${form}/${model}.jsonl`), text, "it was shown what is written now");
        return text
          .trim()
          .split("\n")
          .map((line) => readArenaJudgment(JSON.parse(line)));
      });
      const lines = arenaLeaderboard(judgments, form);
      assert.deepEqual(lines.map(({ model }) => model).sort(), [...MODELS, BASELINE].sort());
      for (const { model, score } of lines.filter((one) => one.model !== BASELINE)) {
        const theirs = golden[form].scores[model] ?? NaN;
        const ours = form === "before" ? 100 * score : score;
        assert.ok(Math.abs(ours - theirs) <= TOLERANCES[form], `${model}: ${ours}, theirs ${theirs}`);
      }
    });
  }
});
