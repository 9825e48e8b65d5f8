import type { SamplePage, SampleQuery, SampleSource } from "../../engine/protocol/samples.ts";
import { MOST_TEST_PROMPTS, TEST_PROMPTS } from "../../engine/protocol/testPrompts.ts";

/** Between run and column in the ids of columns of other runs. */
const BETWEEN = "\n";

/** True for answers to the prompts that every run answers: only these have the other runs' columns beside them. */
export function isOfTestPrompts(source: SampleSource): boolean {
  return source.kind === "answers" && source.benchmark === TEST_PROMPTS;
}

/** A column's run, if it is another one's, and its id there. */
export function columnOf(id: string): { readonly folder?: string; readonly column: string } {
  const at = id.indexOf(BETWEEN);
  return at < 0 ? { column: id } : { folder: id.slice(0, at), column: id.slice(at + 1) };
}

/** Parts of a table across runs. */
export interface AcrossRuns {
  readonly page: SamplePage;
  /** Folders of the other runs. */
  readonly others: readonly string[];
  /** Ids of columns that are left out. */
  readonly hidden: readonly string[];
  readonly ask: (query: SampleQuery) => Promise<SamplePage>;
}

/**
 * A page of answers to test prompts with what other runs answer to the same prompts beside them. A run that has no such
 * answers, or cannot be read, adds nothing.
 */
export async function acrossRuns({ page, others, hidden, ask }: AcrossRuns, source: SampleSource): Promise<SamplePage> {
  const found = others.map(async (folder) => {
    const query = { folder, source: unseeded(source), offset: 0, limit: MOST_TEST_PROMPTS };
    const other = await ask(query).catch(() => undefined);
    return other === undefined ? [] : [{ folder, other }];
  });
  const beside = (await Promise.all(found)).flat();
  const allColumns = [page, ...beside].flatMap((one) =>
    "other" in one ? one.other.columns.map((column) => `${one.folder}${BETWEEN}${column}`) : one.columns,
  );
  const byPrompt = beside.map(({ other }) => new Map(other.rows.map(({ prompt, responses }) => [prompt, responses])));
  const shown = allColumns.map((column, at) => ({ column, at })).filter(({ column }) => !hidden.includes(column));
  const rows = page.rows.map((row) => {
    const theirs = beside.flatMap(({ other }, at) => byPrompt[at]?.get(row.prompt) ?? other.columns.map(() => null));
    const responses = [...row.responses, ...theirs];
    return { ...row, responses: shown.map(({ at }) => responses[at] ?? null) };
  });
  return { ...page, rows, allColumns, columns: shown.map(({ column }) => column) };
}

/** Other runs may have other base seeds: their first counts. */
function unseeded(source: SampleSource): SampleSource {
  return source.kind === "answers" ? { kind: source.kind, benchmark: source.benchmark } : source;
}
