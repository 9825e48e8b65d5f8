import type { SamplePage, SampleQuery } from "../../engine/protocol/service.ts";

type Ask = (query: Omit<SampleQuery, "folder">) => Promise<SamplePage>;

/** Rows of a step among which one with a stage's response is looked for. */
const MOST_ROWS = 1000;

/** A step, of one stage or of whichever recorded it. */
export interface SamplePlace {
  readonly step: number;
  readonly stage?: string | undefined;
}

/**
 * Index of the first row of the last recorded step that is not after the given one; 0 when all are. With a stage, the
 * first such row that holds a response of it: other stages may have kept other steps, or other prompts of the same.
 */
export async function rowOfPlace(ask: Ask, { step, stage }: SamplePlace): Promise<number> {
  const source = { kind: "rollouts" } as const;
  const columns = stage === undefined ? {} : { columns: [stage] };
  const { total } = await ask({ source, ...columns, steps: { from: 0, to: step }, offset: 0, limit: 1 });
  if (total === 0) return stage === undefined ? 0 : rowOfPlace(ask, { step });
  const { rows } = await ask({ source, ...columns, steps: { from: 0, to: step }, offset: total - 1, limit: 1 });
  const last = rows[0]?.step;
  if (last === undefined) return 0;
  const before = (await ask({ source, steps: { from: 0, to: last - 1 }, offset: 0, limit: 1 })).total;
  if (stage === undefined) return before;
  const page = await ask({ source, steps: { from: last, to: last }, offset: 0, limit: MOST_ROWS });
  const column = page.columns.indexOf(stage);
  return (
    before +
    Math.max(
      0,
      page.rows.findIndex(({ responses }) => (responses[column] ?? null) !== null),
    )
  );
}
