import { join } from "node:path";
import { placeIn } from "../../storage/places.ts";
import { sweepAt, writeAt } from "../../storage/writing.ts";
import { curveFigures } from "./curves.ts";
import { document } from "./document.ts";
import { readFacts } from "./facts.ts";
import { winRateFigure } from "./forest.ts";

const FOLDER = "report";

/**
 * Writes a run's report, `report/report.md` with its figures, as the run stands; an earlier one is replaced.
 *
 * It depends on the run's folder and the records of artifacts that the run took over, so it comes out the same whenever
 * it is written. Each file is written whole, the document last.
 *
 * @param folder - The run's.
 * @returns The document's path.
 * @throws {DataError} when the folder holds no run that can be read, or its report's folders are links.
 * @throws {DiskError} when the report cannot be written.
 */
export async function writeReport(folder: string): Promise<string> {
  const facts = await readFacts(folder);
  const figures = { results: winRateFigure(facts.winRates), curves: curveFigures(facts) };
  const all = [...figures.results, ...figures.curves];
  const target = placeIn(folder, FOLDER).file;
  for (const { file, svg } of all) await writeAt(placeIn(folder, join(FOLDER, file)), svg);
  const report = placeIn(folder, join(FOLDER, "report.md"));
  await writeAt(report, document(facts, figures));
  // Figures of an earlier report that this one does not have.
  const kept = new Set(all.map(({ file }) => join(target, file)));
  const isOver = (file: string): boolean => file.endsWith(".svg") && !kept.has(file);
  await sweepAt(placeIn(folder, join(FOLDER, "figures")), (file) => Promise.resolve(isOver(file)));
  return report.file;
}
