import type { FigureName, PaperTableName } from "../../protocol/figureNames.ts";
import type { FigureState } from "./figure.ts";
import { PAPER_FIGURES, readFigureFacts } from "./index.ts";
import { PAPER_TABLES, type PaperTable, type PaperTableState, type TableFacts } from "./paperTables.ts";

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
  return table.make(await factsOf(folders));
}

/** Every table of runs, in the order of the paper. @throws {DataError} when one cannot be read. */
export async function paperTablesOf(
  folders: readonly string[],
): Promise<readonly (PaperTableState & Omit<PaperTable, "make">)[]> {
  const facts = await factsOf(folders);
  return PAPER_TABLES.map((table) => {
    const { name, source, description } = table;
    return { name, source, description, ...table.make(facts) };
  });
}

async function factsOf(folders: readonly string[]): Promise<readonly TableFacts[]> {
  const facts = [];
  for (const folder of folders) facts.push(await readFigureFacts(folder));
  return facts;
}
