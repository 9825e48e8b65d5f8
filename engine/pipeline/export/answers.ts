import { join } from "node:path";
import { isDone } from "../../protocol/runProgress.ts";
import type { StageState } from "../../protocol/runState.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { ANSWERS_FILE, answerBatches } from "../../storage/formats/answers.ts";
import { entryAt, placeIn } from "../../storage/places.ts";
import type { ExportRow, ExportTable, ExportedRun } from "./table.ts";

/** Answers of models to benchmarks. */
export const answersTable: ExportTable = {
  name: "answers",
  description: "Answers of models to benchmarks and to the validation split",
  columns: [
    { name: "model", kind: "text", description: "Model that answers" },
    { name: "seed", kind: "integer", description: "Base seed; empty in a run with one" },
    { name: "beta", kind: "number", description: "β of a candidate among several" },
    { name: "benchmark", kind: "text", description: "Benchmark" },
    { name: "index", kind: "integer", description: "Position in the benchmark, from 0" },
    { name: "category", kind: "text", description: "Of the prompt" },
    { name: "turn", kind: "integer", description: "Of a question of several turns, from 1" },
    { name: "prompt", kind: "text", description: "Prompt; of a later turn the conversation up to it" },
    { name: "response", kind: "text", description: "Answer" },
    { name: "ended", kind: "flag", description: "True if the answer ended by itself" },
    { name: "tokens", kind: "integer", description: "Length of the answer in tokens" },
    { name: "score", kind: "number", description: "By the reward model" },
    { name: "gold", kind: "number", description: "By the task, where it has a true score" },
  ],
  async *rows(run) {
    for (const stage of stagesWith(run, "answers")) {
      const folder = await folderOf(run, stage, ANSWERS_FILE);
      if (folder === undefined) continue;
      const { product, seed = null, beta = null, benchmark = "" } = stage;
      for await (const answers of answerBatches(folder)) {
        yield answers.map(
          ({ prompt, category = null, turn = null, question, text, ended, nTokens, reward, gold }): ExportRow => [
            ...[product, seed, beta, benchmark, prompt, category, turn, question, text, ended, nTokens],
            ...[reward, gold ?? null],
          ],
        );
      }
    }
  },
};

/** The finished stages of a run of a kind. */
export function stagesWith({ state }: Pick<ExportedRun, "state">, kind: string): readonly StageState[] {
  return state.stages.filter((stage) => stage.kind === kind && isDone(stage));
}

/** Folder of a stage's artifact; undefined where the artifact, or this file of it, is gone. */
export async function folderOf(
  { root }: Pick<ExportedRun, "root">,
  { key }: StageState,
  file: string,
): Promise<string | undefined> {
  if (!isArtifactKey(key)) return undefined;
  const folder = join(root, "artifacts", key);
  return (await entryAt(placeIn(folder, file))) === undefined ? undefined : folder;
}
