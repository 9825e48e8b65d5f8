import { gradedOnce, isGraded } from "../../evaluation/fastchat/judgments.ts";
import { GRADES_FILE } from "../../storage/formats/comparisons.ts";
import { readGrades } from "../judgmentsFile.ts";
import { folderOf, stagesWith } from "./answers.ts";
import type { ExportRow, ExportTable } from "./table.ts";

/** Grades of single answers; a run whose judges only compare has none. */
export const gradesTable: ExportTable = {
  name: "grades",
  description: "Grades of answers one by one, each answer once by each judge, though it is in several pairs",
  columns: [
    { name: "benchmark", kind: "text", description: "Benchmark" },
    { name: "seed", kind: "integer", description: "Base seed; empty in a run with one" },
    { name: "model", kind: "text", description: "Model that answered" },
    { name: "question", kind: "text", description: "Id of the question, or its position in the benchmark from 0" },
    { name: "turn", kind: "integer", description: "Turn of the question, from 1" },
    { name: "judge", kind: "text", description: "Judge" },
    { name: "judgePrompt", kind: "text", description: "Name of the prompt that the judge was shown" },
    { name: "grade", kind: "number", description: "From 1 to 10; empty where the judge gave none" },
    { name: "judgment", kind: "text", description: "Judge's words" },
  ],
  async *rows(run) {
    const places = Map.groupBy(stagesWith(run, "judgments"), ({ benchmark, seed }) =>
      JSON.stringify([benchmark, seed]),
    );
    for (const stages of places.values()) {
      const grades: Awaited<ReturnType<typeof readGrades>>[number][] = [];
      for (const stage of stages) {
        const folder = await folderOf(run, stage, GRADES_FILE);
        if (folder !== undefined) grades.push(...(await readGrades(folder)));
      }
      const { benchmark = "", seed = null } = stages[0] ?? {};
      yield gradedOnce(grades).map((one): ExportRow => {
        const { model, question_id: question, turn, judge, score, judgment } = one;
        const grade = isGraded(one) ? score : null;
        return [benchmark, seed, model, String(question), turn, judge[0], judge[1], grade, judgment];
      });
    }
  },
};
