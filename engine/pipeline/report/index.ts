import { join } from "node:path";
import { runTitle } from "../../protocol/runTitle.ts";
import { viewLink } from "../../protocol/viewLink.ts";
import { knownPalettes } from "../../storage/palette.ts";
import { placeIn } from "../../storage/places.ts";
import { sweepAt, writeAt } from "../../storage/writing.ts";
import { type ComparedRun, comparisonDocument } from "./comparison.ts";
import { type Figure, curveFigures } from "./curves.ts";
import { document } from "./document.ts";
import { type RunFacts, readFacts } from "./facts.ts";
import { winRateFigure } from "./forest.ts";
import { htmlPage } from "./html/page.ts";
import { paperFigures } from "./paper.ts";

const FOLDER = "report";
/** Of links to the editor that most people have. */
const SCHEME = "vscode";

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
  const { text, all } = await reportOf(folder);
  const target = placeIn(folder, FOLDER).file;
  for (const { file, svg } of all) await writeAt(placeIn(folder, join(FOLDER, file)), svg);
  const report = placeIn(folder, join(FOLDER, "report.md"));
  await writeAt(report, text);
  // Figures of an earlier report that this one does not have.
  const kept = new Set(all.map(({ file }) => join(target, file)));
  const isOver = (file: string): boolean => file.endsWith(".svg") && !kept.has(file);
  await sweepAt(placeIn(folder, join(FOLDER, "figures")), (file) => Promise.resolve(isOver(file)));
  return report.file;
}

/**
 * Writes the same report as one file of HTML, `report/report.html`, which needs no other file and no network.
 *
 * @returns The document's path, and what is in it.
 * @throws {DataError} {DiskError} as {@link writeReport}.
 */
export async function writeHtmlReport(folder: string): Promise<{ readonly file: string; readonly html: string }> {
  const { facts, text, all } = await reportOf(folder);
  const html = htmlPage({
    title: `${facts.config.name}: ${facts.id}`,
    markdown: text,
    figures: all,
    link: viewLink(SCHEME, { view: "pipeline", runs: [facts.id] }),
  });
  const place = placeIn(folder, join(FOLDER, "report.html"));
  await writeAt(place, html);
  return { file: place.file, html };
}

/**
 * A comparison of runs as one file of HTML: their results beside each other, and their curves laid over each other.
 *
 * @returns Its content; it is nobody's but the caller's to write.
 * @throws {DataError} as {@link writeReport}.
 */
export async function htmlComparison(folders: readonly string[]): Promise<string> {
  const runs: ComparedRun[] = [];
  const palette = await knownPalettes([...new Set(folders.map((folder) => placeIn(folder).root))].sort());
  for (const folder of folders) {
    runs.push({ title: runTitle(folder, folders), facts: await readFacts(folder, palette) });
  }
  const curves = curveFigures(runs);
  const results = runs.map(({ facts }, at) => winRateFigure(facts.winRates).map((one) => numbered(one, at + 1)));
  const titles = runs.map(({ title }) => title);
  return htmlPage({
    title: titles.join(", "),
    markdown: comparisonDocument(runs, { curves, results }),
    figures: [...curves, ...results.flat()],
    link: viewLink(SCHEME, { view: "metrics", runs: titles }),
  });
}

/** Figures of several runs have one name each. */
function numbered(figure: Figure, nth: number): Figure {
  return { ...figure, file: figure.file.replace(/\.svg$/, `-${nth}.svg`) };
}

async function reportOf(folder: string): Promise<{ facts: RunFacts; text: string; all: readonly Figure[] }> {
  const facts = await readFacts(folder);
  const figures = {
    results: winRateFigure(facts.winRates),
    curves: curveFigures([{ facts }]),
    paper: await paperFigures(facts),
  };
  const drawn = figures.paper.flatMap((one) => (one.drawn === undefined ? [] : [one.drawn]));
  return { facts, text: document(facts, figures), all: [...figures.results, ...figures.curves, ...drawn] };
}
