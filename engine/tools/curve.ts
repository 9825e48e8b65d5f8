import type { PackedCurves } from "../protocol/service.ts";

/** A curve as it was recorded; NaN stands for values that were not finite. */
export interface Curve {
  readonly stage: string;
  readonly metric: string;
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

/** Unpacks the columns of curves. */
export function readCurves({ axes, series }: PackedCurves): readonly Curve[] {
  return series.map(({ stage, metric, length, axis, values }) => {
    const steps = column(axes[axis]?.steps ?? "", length);
    return { stage, metric, steps, values: column(values, length) };
  });
}

/** Number by number: a buffer from base64 need not begin where a float64 may. */
function column(base64: string, length: number): Float64Array {
  const bytes = Buffer.from(base64, "base64");
  return Float64Array.from({ length }, (_, at) => bytes.readDoubleLE(8 * at));
}
