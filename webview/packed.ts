import type { PackedCurves, SeriesKey } from "../engine/protocol/service.ts";
import type { Curve } from "./model.ts";

/** A curve received in packed form. */
export interface Unpacked extends SeriesKey {
  readonly curve: Curve;
}

/** The curves of a run; those that were recorded together share the columns of their axis. */
export function unpack({ axes, series }: PackedCurves): readonly Unpacked[] {
  const columns = axes.map(({ steps, times }) => ({ steps: column(steps), times: column(times) }));
  return series.map(({ stage, metric, axis, values }) => {
    const { steps, times } = columns[axis] ?? EMPTY;
    return { stage, metric, curve: { steps, times, values: column(values) } };
  });
}

const EMPTY = { steps: new Float64Array(), times: new Float64Array() };

/** Every machine that runs VS Code is little-endian, as the packing is. */
function column(base64: string): Float64Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return new Float64Array(bytes.buffer);
}
