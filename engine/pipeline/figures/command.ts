import type { FigureName, PaperTableName } from "../../protocol/figureNames.ts";
import type { FigureState } from "./figure.ts";
import { PAPER_FIGURES, readFigureFacts } from "./index.ts";
import { PAPER_TABLES, type PaperTableState } from "./paperTables.ts";

/** One figure of a run, as far as the run goes. @throws {DataError} when it cannot be read. */
export async function figureOfRun(folder: string, name: FigureName): Promise<FigureState> {
  const figure = PAPER_FIGURES.find((one) => one.name === name);
  if (figure === undefined) throw new RangeError(`figures: there is none called ${name}`);
  return figure.draw(await readFigureFacts(folder));
}

/** A table of runs, one a model. @throws {DataError} when one cannot be read. */
export async function paperTableOf(folders: readonly string[], name: PaperTableName): Promise<PaperTableState> {
  const table = PAPER_TABLES.find((one) => one.name === name);
  if (table === undefined) throw new RangeError(`tables: there is none called ${name}`);
  const facts = [];
  for (const folder of folders) facts.push(await readFigureFacts(folder));
  return table.make(facts);
}
