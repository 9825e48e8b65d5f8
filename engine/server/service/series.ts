import type { RunState, Series } from "../../protocol/runState.ts";
import type { PackedSeries, SeriesKey } from "../../protocol/service.ts";

/** Curves of a run as they travel; one that is not there is empty. */
export function packSeries(state: RunState, keys: readonly SeriesKey[]): readonly PackedSeries[] {
  return keys.map(({ stage, metric }) => packed(stage, metric, state.metrics[stage]?.[metric] ?? EMPTY));
}

const EMPTY: Series = { steps: [], times: [], values: [] };

function packed(stage: string, metric: string, { steps, times, values }: Series): PackedSeries {
  const { length } = steps;
  return { stage, metric, length, steps: base64(steps), times: base64(times), values: base64(values) };
}

const BYTES = Float64Array.BYTES_PER_ELEMENT;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Little-endian float64; NaN for null. */
function base64(column: readonly (number | null)[]): string {
  const numbers = Float64Array.from(column, (value) => value ?? NaN);
  const bytes = Buffer.from(numbers.buffer);
  if (!IS_LITTLE_ENDIAN) bytes.swap64();
  return bytes.subarray(0, column.length * BYTES).toString("base64");
}
