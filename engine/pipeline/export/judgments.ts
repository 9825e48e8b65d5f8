import { COMPARISONS_FILE, type ComparisonRecord, comparisonBatches } from "../../storage/formats/comparisons.ts";
import { judgmentBatches } from "../judgmentsFile.ts";
import { folderOf, stagesWith } from "./answers.ts";
import type { ExportRow, ExportTable } from "./table.ts";

/** Rows that are made at a time. */
const AT_ONCE = 1024;

/** Both games of every judged prompt. */
export const judgmentsTable: ExportTable = {
  name: "judgments",
  description: "Verdicts of the judge on every prompt of every pair, both games of it",
  columns: [
    { name: "benchmark", kind: "text", description: "Benchmark" },
    { name: "seed", kind: "integer", description: "Base seed" },
    { name: "a", kind: "text", description: "First model of the pair" },
    { name: "b", kind: "text", description: "Second model" },
    { name: "index", kind: "integer", description: "Position in the benchmark, from 0; as in answers" },
    { name: "outcome", kind: "text", description: "Of a: win, loss, tie, or dropped" },
    { name: "game1", kind: "text", description: "Winner of the first game, which seats a first: a, b, tie or error" },
    { name: "game2", kind: "text", description: "Winner of the second game, which seats b first" },
    { name: "tokensA", kind: "integer", description: "Length of the answer of a, in tokens" },
    { name: "tokensB", kind: "integer", description: "Length of the answer of b, in tokens" },
    { name: "agreement", kind: "number", description: "Of several judges: share of pairs of them that agree" },
    { name: "judge", kind: "text", description: "Judge" },
    { name: "judgment1", kind: "text", description: "Judge's words on the first game" },
    { name: "judgment2", kind: "text", description: "Judge's words on the second game" },
  ],
  async *rows(run) {
    for (const stage of stagesWith(run, "judgments")) {
      const folder = await folderOf(run, stage, COMPARISONS_FILE);
      if (folder === undefined) continue;
      const { product: a, opponent: b = "", benchmark = "", seed: ofStage } = stage;
      // Both files have the same order.
      const judged = oneByOne(judgmentBatches(folder));
      try {
        let batch: ExportRow[] = [];
        for await (const comparison of oneByOne(comparisonBatches(folder))) {
          const { value: judgment } = await judged.next();
          const { outcome, lengths, agreement = null, seed = ofStage ?? null } = comparison;
          const [game1, game2] = winnersOf(comparison);
          batch.push([
            ...[benchmark, seed, a, b, Number(comparison.prompt), outcome, game1, game2],
            ...[lengths?.[0] ?? null, lengths?.[1] ?? null, agreement],
            ...[judgment?.judge[0] ?? null, judgment?.g1_judgment ?? null, judgment?.g2_judgment ?? null],
          ]);
          if (batch.length < AT_ONCE) continue;
          yield batch;
          batch = [];
        }
        yield batch;
      } finally {
        await judged.return(undefined);
      }
    }
  },
};

function winnersOf({ games }: ComparisonRecord): readonly [string | null, string | null] {
  return games ?? [null, null];
}

async function* oneByOne<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<T, undefined> {
  for await (const batch of batches) yield* batch;
}
