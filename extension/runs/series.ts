import type { PackedSeries } from "../../engine/protocol/service.ts";

/** The last finite value of a packed curve; undefined when it has none. */
export function lastValue({ values }: Pick<PackedSeries, "values">): number | undefined {
  const bytes = Buffer.from(values, "base64");
  for (let at = bytes.length - 8; at >= 0; at -= 8) {
    const value = bytes.readDoubleLE(at);
    if (Number.isFinite(value)) return value;
  }
  return undefined;
}
