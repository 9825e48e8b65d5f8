import type { SamplePage, SampleQuery } from "../../engine/protocol/samples.ts";

type Ask = (query: Omit<SampleQuery, "folder">) => Promise<SamplePage>;

/** Rows of a step among which one with a stage's response is looked for. */
const MOST_ROWS = 1000;

/** A step, of one stage or of whichever recorded it. */
export interface SamplePlace {
  readonly step: number;
  readonly stage?: string | undefined;
}

/**
 * Index, the newest step first, of the first row of the last recorded step that is not after the given one; 0 when all are.
 * With a stage, the first such row that holds a response of it: other stages may have kept other steps, or other prompts of
 * the same.
 */
export async function rowOfPlace(ask: Ask, { step, stage }: SamplePlace): Promise<number> {
  const all = { source: { kind: "rollouts" }, order: "newest", offset: 0, limit: 1 } as const;
  const columns = stage === undefined ? {} : { columns: [stage] };
  const { rows } = await ask({ ...all, ...columns, steps: { from: 0, to: step } });
  const last = rows[0]?.step;
  if (last === undefined) return stage === undefined ? 0 : rowOfPlace(ask, { step });
  const later = (await ask({ ...all, steps: { from: last + 1, to: Number.MAX_SAFE_INTEGER } })).total;
  if (stage === undefined) return later;
  const page = await ask({ ...all, steps: { from: last, to: last }, limit: MOST_ROWS });
  const column = page.columns.indexOf(stage);
  const row = page.rows.findIndex(({ responses }) => (responses[column] ?? null) !== null);
  return later + Math.max(0, row);
}
