import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunState, StageState } from "../../../../engine/protocol/runState.ts";
import { emptyRunState } from "../../../../engine/protocol/runState.ts";
import { Answers } from "../../../../engine/server/service/answers.ts";
import { Comparisons, type ComparisonsSource } from "../../../../engine/server/service/comparisons.ts";
import { MOST_ROWS } from "../../../../engine/server/service/stageArtifacts.ts";
import { VoteBook } from "../../../../engine/storage/formats/votes.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf } from "./runFolders.ts";

const N_STAGES = 2000;
const BENCHMARK = "mine";

/** Finished stages, all of which name one artifact as their result. */
function stagesOf(kind: string, products: readonly string[], opponent?: string): StageState[] {
  return products.map((product, index) => ({
    ...{ id: `${kind}-${index}`, kind, title: "", product, role: "result", benchmark: BENCHMARK, inputs: [] },
    ...{ key: `${kind}-1`, status: "finished", step: 1, total: 1 },
    ...(opponent !== undefined && { opponent }),
  }));
}

function sourceOf(root: string, state: RunState): ComparisonsSource {
  return { root, state, judge: "reward", votes: new VoteBook(root) };
}

/** A root with an artifact of so many answers and comparisons, and a run with thousands of stages that name it. */
async function withTable(nRows: number, work: (root: string, state: RunState) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (root) => {
    const write = async (key: string, name: string, records: readonly object[]): Promise<void> => {
      await fs.mkdir(path.join(root, "artifacts", key), { recursive: true });
      await fs.writeFile(path.join(root, "artifacts", key, name), linesOf(records));
    };
    const prompts = Array.from({ length: nRows }, (_, prompt) => prompt);
    const answer = { question: "", text: "", ended: true, nTokens: 0, reward: 0 };
    await write(
      "answers-1",
      "answers.jsonl",
      prompts.map((prompt) => ({ prompt, ...answer })),
    );
    await write(
      "judgments-1",
      "comparisons.jsonl",
      prompts.map((prompt) => ({ prompt: String(prompt), outcome: "tie" })),
    );
    await write("judgments-1", "judgments.jsonl", []);
    const models = ["a", "b", ...Array.from({ length: N_STAGES - 2 }, (_, index) => `model-${index}`)];
    const judged = stagesOf(
      "judgments",
      Array.from({ length: N_STAGES }, () => "a"),
      "b",
    );
    await work(root, { ...emptyRunState("r-1"), stages: [...stagesOf("answers", models), ...judged] });
  });
}

describe("thousands of stages that name one artifact", () => {
  it("have it read once", async () => {
    await withTable(200, async (root, state) => {
      const search = await new Answers().search({ folder: root, root, state, benchmark: BENCHMARK });
      assert.equal(search.store.nColumns, N_STAGES);
      const query = { folder: root, benchmark: BENCHMARK, a: "a", b: "b", offset: 0, limit: 1 };
      const { total } = await new Comparisons().page(sourceOf(root, state), query);
      assert.equal(total, 200 * N_STAGES);
    });
  });

  it("are refused where their tables would fill the memory", async () => {
    await withTable(MOST_ROWS / N_STAGES + 1, async (root, state) => {
      const isRefused = { name: "DataError", message: /more than 1000000 answers are in one table/ };
      await assert.rejects(new Answers().search({ folder: root, root, state, benchmark: BENCHMARK }), isRefused);
      const query = { folder: root, benchmark: BENCHMARK, a: "a", b: "b", offset: 0, limit: 1 };
      await assert.rejects(new Comparisons().page(sourceOf(root, state), query), isRefused);
    });
  });
});
