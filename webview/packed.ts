import type { PackedSeries } from "../engine/protocol/service.ts";
import type { Curve } from "./model.ts";

/** The columns of a packed curve. */
export function unpack({ steps, times, values }: PackedSeries): Curve {
  return { steps: column(steps), times: column(times), values: column(values) };
}

/** Every machine that runs VS Code is little-endian, as the packing is. */
function column(base64: string): Float64Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return new Float64Array(bytes.buffer);
}
