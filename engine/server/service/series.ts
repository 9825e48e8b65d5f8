import type { RunState, Series } from "../../protocol/runState.ts";
import type { PackedCurves, SeriesKey } from "../../protocol/service.ts";

/** Curves of a run as they travel; one that is not there is empty. */
export function packCurves(state: RunState, keys: readonly SeriesKey[]): PackedCurves {
  const axes: Series[] = [];
  const series = keys.map(({ stage, metric }) => {
    const curve = state.metrics[stage]?.[metric] ?? EMPTY;
    let axis = axes.findIndex((other) => isTogether(other, curve));
    if (axis < 0) axis = axes.push(curve) - 1;
    return { stage, metric, length: curve.steps.length, axis, values: base64(curve.values) };
  });
  return { axes: axes.map(({ steps, times }) => ({ steps: base64(steps), times: base64(times) })), series };
}

const EMPTY: Series = { steps: [], times: [], values: [] };

/**
 * True if two curves share steps and times, as nearly all of a stage do: sharing them saves two thirds of the payload.
 */
function isTogether(a: Series, b: Series): boolean {
  const { length } = a.steps;
  if (length !== b.steps.length) return false;
  for (let at = 0; at < length; at++) if (a.steps[at] !== b.steps[at] || a.times[at] !== b.times[at]) return false;
  return true;
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Little-endian float64; NaN for null. */
function base64(column: readonly (number | null)[]): string {
  const numbers = new Float64Array(column.length);
  for (let at = 0; at < column.length; at++) numbers[at] = column[at] ?? NaN;
  const bytes = Buffer.from(numbers.buffer);
  if (!IS_LITTLE_ENDIAN) bytes.swap64();
  return bytes.toString("base64");
}
