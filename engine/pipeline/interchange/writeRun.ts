import type { RunConfig } from "../../config/index.ts";
import { gradedOnce } from "../../evaluation/fastchat/judgments.ts";
import { readAnswers } from "../../storage/formats/answers.ts";
import type { RunFolder } from "../../storage/runFolder.ts";
import { readGrades, readJudgments } from "../judgmentsFile.ts";
import type { ResolvedRecipe } from "../resolve.ts";
import type { SeedResult } from "../salsa.ts";
import { answerFiles, gradeFiles, judgmentFiles, kindOfBenchmark } from "./runFiles.ts";

/** Folder, in a run's, of answers and judgments as the tools of others read them. */
const INTERCHANGE = "interchange";

/** A finished run, as far as its stages are. */
export interface InterchangeSources extends Pick<ResolvedRecipe, "artifactOf"> {
  readonly config: RunConfig;
  readonly results: readonly SeedResult[];
  readonly folder: RunFolder;
}

/**
 * Writes answers and judgments of the benchmarks whose kind the config names, in the forms of their own tools:
 * `interchange/<benchmark>/<form>/…`, with the base seed before the form where there are several.
 */
export async function writeInterchange({ config, results, artifactOf, folder }: InterchangeSources): Promise<void> {
  for (const { seed, answers, judgments } of results) {
    const home = (benchmark: string): string =>
      [INTERCHANGE, benchmark, ...(results.length > 1 ? [`seed-${seed}`] : [])].join("/");
    for (const { model, benchmark, artifact } of answers) {
      const kind = kindOfBenchmark(config, benchmark);
      if (kind === undefined) continue;
      for (const { name, content } of answerFiles(await readAnswers(artifactOf(artifact).folder), { model, kind })) {
        await folder.writeFile(`${home(benchmark)}/${name}`, content);
      }
    }
    for (const [benchmark, of] of Map.groupBy(judgments, (one) => one.benchmark)) {
      const kind = kindOfBenchmark(config, benchmark);
      if (kind === undefined) continue;
      const all = await Promise.all(of.map(({ artifact }) => readJudgments(artifactOf(artifact).folder)));
      const grades = await Promise.all(of.map(({ artifact }) => readGrades(artifactOf(artifact).folder)));
      for (const { name, content } of [...judgmentFiles(all.flat(), kind), ...gradeFiles(gradedOnce(grades.flat()))]) {
        await folder.writeFile(`${home(benchmark)}/${name}`, content);
      }
    }
  }
}
