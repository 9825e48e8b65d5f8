import type { SamplePage, SampleQuery } from "../../engine/protocol/service.ts";

type Ask = (query: Omit<SampleQuery, "folder">) => Promise<SamplePage>;

/** Index of the first row of the last recorded step that is not after the given one; 0 when all are. */
export async function rowOfStep(ask: Ask, step: number): Promise<number> {
  const source = { kind: "rollouts" } as const;
  const upTo = (to: number, offset: number): Promise<SamplePage> =>
    ask({ source, steps: { from: 0, to }, offset, limit: 1 });
  const { total } = await upTo(step, 0);
  if (total === 0) return 0;
  const { rows } = await upTo(step, total - 1);
  const last = rows[0]?.step;
  return last === undefined ? 0 : (await upTo(last - 1, 0)).total;
}
