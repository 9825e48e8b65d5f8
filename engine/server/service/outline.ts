import type { Palette } from "../../protocol/palette.ts";
import type { RunState } from "../../protocol/runState.ts";
import type { RunOutline } from "../../protocol/service.ts";

/** A copy of a state but for its curves, of which it has the lengths. */
export function outlineOf(folder: string, state: RunState, palette?: Palette): RunOutline {
  const { metrics, ...rest } = state;
  const series = Object.entries(metrics).map(([stage, byPath]) => {
    const lengths = Object.entries(byPath).map(([path, { steps }]) => [path, steps.length] as const);
    return [stage, Object.fromEntries(lengths)] as const;
  });
  const outline = { ...structuredClone(rest), folder, series: Object.fromEntries(series) };
  return palette === undefined ? outline : { ...outline, palette };
}
