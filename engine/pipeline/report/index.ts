import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { atomicWrite, makeFolder, onDisk } from "../../storage/disk.ts";
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
 * @throws {DataError} when the folder holds no run that can be read.
 * @throws {DiskError} when the report cannot be written.
 */
export async function writeReport(folder: string): Promise<string> {
  const facts = await readFacts(folder);
  const figures = { results: winRateFigure(facts.winRates), curves: curveFigures(facts) };
  const all = [...figures.results, ...figures.curves];
  const target = join(folder, FOLDER);
  await makeFolder(join(target, "figures"));
  for (const { file, svg } of all) await atomicWrite(join(target, file), svg);
  const report = join(target, "report.md");
  await atomicWrite(report, document(facts, figures));
  await removeOthers(join(target, "figures"), new Set(all.map(({ file }) => join(target, file))));
  return report;
}

/** Figures of an earlier report that this one does not have. */
async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  await onDisk("clean up", dirname(folder), async () => {
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (name.endsWith(".svg") && !kept.has(file)) await rm(file, { force: true });
    }
  });
}
